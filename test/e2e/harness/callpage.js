// The bridge's own call page, driven as a person would.

import { Person } from './person.js'

export class CallPage extends Person {
  /** Opens the page of the bridge at url and logs in, with a password where one is given. */
  static async open(browser, url, name, password) {
    const page = new CallPage()
    Object.assign(page, await browser.open(name, url))
    await page.page.fill('#name', name)
    if (password !== undefined) await page.page.fill('#password', password)
    await page.page.click('#login')
    await page.page.waitForSelector('#to', { state: 'visible', timeout: 10_000 })
    return page
  }

  async call(address, video = false) {
    if (await this.page.isVisible('#close')) await this.page.click('#close') // what the last call left
    await this.page.fill('#to', address)
    await this.page.click(video ? '#call-video' : '#call-audio')
  }

  /** Waits until the newest call is in this state (web/page/states.js). */
  async is(state, ms = 10_000) {
    try {
      await this.page.waitForFunction(want => document.querySelector('#app').call?.state === want, state, { timeout: ms, polling: 30 })
    } catch {
      throw new Error(`${this.name}: call is ${JSON.stringify(await this.state())}, want "${state}" within ${ms} ms`)
    }
  }

  state() {
    return this.page.evaluate(() => {
      const { call } = document.querySelector('#app')
      return call && { state: call.state, ...call.ended }
    })
  }

  async reason() { return (await this.state()).reason }

  /** The address it is online with, of an account with its resource. */
  jid() { return this.page.evaluate(() => document.querySelector('#app').bridge.jid) }

  /** Waits until the page has a contact so, in its own words: "On a call", "Away"; in a call the list is not to be seen. */
  shows(address, words, ms = 10_000) {
    return this.page.locator(`#contacts li[data-name="${address}"]`, { hasText: words }).waitFor({ timeout: ms, state: 'attached' })
  }

  /** Says how others see this person: "available", "away" or "dnd". */
  async present(show) {
    if (await this.page.isVisible('#close')) await this.page.click('#close')
    await this.page.selectOption('#show', show)
  }

  /** Lets an XMPP user who has asked see when this person is here. */
  allow(address) { return this.page.locator(`#requests li[data-name="${address}"] .allow`).click() }

  /** Waits until the page lists this contact as one to call. */
  sees(address, ms = 10_000) {
    return this.page.locator(`#contacts li[data-name="${address}"]`).waitFor({ timeout: ms })
  }
}
