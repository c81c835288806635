// A page that calls whoever is in its room, driven as a person would: what the codelab's pages and the Brave one share.

import { until } from './wait.js'

export class RoomPage {
  /** Waits for a line on the page's console, from line number `from` on. */
  said(text, ms = 8_000, from = 0) {
    return until(`${this.name}: "${text}" on the console`, () => this.log.slice(from).find(line => line.includes(text)), ms)
      .catch(err => { throw new Error([err.message, ...this.log.slice(-15).map(line => `  ${line}`)].join('\n')) })
  }

  /** How many lines of its log, consoles and frames, have this text. */
  times(text) { return this.log.filter(line => line.includes(text)).length }

  /** Waits until its newest peer connection is connected. */
  connected(ms = 15_000) {
    return until(`${this.name}: a connected peer connection`, () =>
      this.page.evaluate(() => globalThis.livePC()?.connectionState === 'connected'), ms)
  }

  /** What went wrong in the page without anybody catching it. */
  get uncaught() { return this.log.filter(line => line.startsWith('uncaught')) }

  /** Closes the tab as a person does: the page hears of it, and may say something. */
  async closeTab() {
    const closed = new Promise(resolve => this.page.once('close', resolve))
    await this.page.close({ runBeforeUnload: true })
    await closed
  }

  /** The tab is gone, and the page did not notice. */
  vanish() { return this.context.close() }
}

/** Waits until the two pages, or more, are connected. */
export const allConnected = (...pages) => Promise.all(pages.map(page => page.connected()))
