// Somebody from the web, without a name of their own, on a page of the bridge ([[page]]), driven as a person would.

import { CallPage } from './callpage.js'

export class Visitor extends CallPage {
  /** Opens the page of this name of the bridge at url. */
  static async open(browser, url, pageName, nick) {
    const visitor = new Visitor()
    Object.assign(visitor, await browser.open(nick, `${url}call/${pageName}`))
    await visitor.page.fill('#nick', nick)
    return visitor
  }

  ring() { return this.page.click('#visit-calls button') }

  /** Closes what the last call left, and waits until the page says this. */
  async reads(sentence) {
    await this.page.click('#close')
    await this.page.locator('#visit-state', { hasText: sentence }).waitFor({ timeout: 5_000 })
  }
}
