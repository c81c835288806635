// The XMPP user with stanza.js, driven through the page as a person would.

import { Person } from './person.js'
import { until } from './wait.js'

export class XMPPUser extends Person {
  /** Opens the page at url in browser and logs in. */
  static async open(browser, url, { name, domain, password }) {
    const user = new XMPPUser(await browser.open(name, url))
    user.address = `${name}@${domain}`
    await user.page.fill('#jid', user.address)
    await user.page.fill('#password', password)
    await user.page.click('#login')
    await user.online()
    return user
  }

  constructor({ name, page, context, log }) {
    super()
    Object.assign(this, { name, page, context, log })
  }

  online(ms = 20_000) { return this.page.waitForSelector('#app[data-state=online]', { timeout: ms }) }

  /** Asks to see a contact's presence. */
  async add(address) {
    await this.page.fill('#to', address)
    await this.page.click('#add')
  }

  /** Waits until a contact has let it see its presence. */
  accepted(address) {
    const subscribed = new RegExp(`<presence[^>]* type=["']subscribed["']`)
    return until(`${this.name}: ${address} to accept`, async () =>
      (await this.wire()).some(({ direction, xml }) => direction === 'raw:incoming' && xml.includes(address) && subscribed.test(xml)))
  }

  /** Calls; data adds a data channel, as some apps do. */
  async call(address, video = false, data = false) {
    await this.page.evaluate(data => { globalThis.dataToo = data }, data)
    await this.page.fill('#to', address)
    await this.page.click(video ? '#call-video' : '#call-audio')
  }

  /** Waits until the call is in this state. */
  async is(state, ms = 10_000) {
    try {
      await this.page.waitForSelector(`#call[data-state=${state}]`, { timeout: ms, state: 'attached' })
    } catch {
      const now = await this.page.$eval('#call', e => `${e.dataset.state} ${e.dataset.reason}`)
      throw new Error(`${this.name}: call is "${now}", want "${state}" within ${ms} ms`)
    }
  }

  reason() { return this.page.$eval('#call', e => e.dataset.reason) }

  /** Waits until a contact's presence says so: media "audio video", or undefined when it must be gone. */
  async sees(address, media, ms = 10_000) {
    const row = `#roster li[data-jid^="${address}/"]`
    if (media === undefined) return this.page.waitForSelector(row, { timeout: ms, state: 'detached' })
    return this.page.waitForSelector(`${row}[data-media="${media}"]`, { timeout: ms, state: 'attached' })
  }

  /** Waits until a contact is shown so: {show, status?}. */
  shows(address, { show, status }, ms = 10_000) {
    const said = status === undefined ? '' : `[data-status="${status}"]`
    return this.page.waitForSelector(`#roster li[data-jid^="${address}/"][data-show="${show}"]${said}`, { timeout: ms, state: 'attached' })
  }

  /** Says how others see it: "", "away" or "dnd". */
  present(show) { return this.page.selectOption('#show', show) }

  /** The full JID of a contact's first device. */
  deviceOf(address) { return this.page.locator(`#roster li[data-jid^="${address}/"]`).first().getAttribute('data-jid') }

  /** Every stanza that went over the wire, [{direction, xml}]. */
  wire() { return this.page.evaluate(() => [...globalThis.wire]) }

  /** What it said and heard, in order, [{direction: 'in' | 'out', xml}]. */
  async overheard() {
    return (await this.wire()).map(({ direction, xml }) => ({ direction: direction === 'raw:incoming' ? 'in' : 'out', xml }))
  }
}
