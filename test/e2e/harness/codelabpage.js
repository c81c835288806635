// The codelab's pages of steps 4 to 6. Nothing of them is changed: they find their server where they were loaded from.

import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RoomPage } from './roompage.js'
import { until } from './wait.js'

/** The folder of the pages, one below it for each step. */
export const CODELAB = join(dirname(fileURLToPath(import.meta.url)), '../tutorial/codelab')

export class CodelabPage extends RoomPage {
  /** Opens the page of a step ('04', '05', '06') and goes to a room; base is the URL of its server. Scripts run before its own. */
  static async open(browser, base, step, room, name, scripts = []) {
    const page = new CodelabPage()
    const url = `${base}${step}/${step === '06' ? `#${room}` : ''}`
    Object.assign(page, await browser.open(name, url, scripts, (tab, log) => tab.on('dialog', dialog => {
      log.push(`${dialog.type()}: ${dialog.message()}`)
      return dialog.type() === 'prompt' ? dialog.accept(room) : dialog.dismiss()
    })), { step, room, media: ['video'] })
    return page
  }

  /** Opens a page on a stage, loaded from its bridge. */
  static async enter(stage, step, room, name, scripts) {
    return stage.enter(await CodelabPage.open(stage.browser, stage.bridge.listener('codelab'), step, room, name, scripts))
  }

  /** The same, and waits until the page has been greeted as the first of its room. */
  static async create(stage, step, room, name, scripts) {
    const page = await CodelabPage.enter(stage, step, room, name, scripts)
    await page.said(`Created ${room}`)
    return page
  }

  /** The camera is on, and the page told so to whoever is there. */
  cameraOn() { return this.said('The camera is on') }

  hangUp() { return this.page.evaluate(() => globalThis.hangup()) } // the page has no button for it

  /** Waits until the other side's picture is on the screen. */
  picture() {
    return this.page.waitForFunction(() => document.querySelector('#remoteVideo').videoWidth > 0, null, { timeout: 15_000 })
  }

  /** The three flags of step 5. */
  flags() {
    return this.page.evaluate('({ isChannelReady, isInitiator, isStarted })')
  }

  /** Waits until the data channel of step 6 is open. */
  channelOpen() {
    return until(`${this.name}: an open channel`, () => this.page.evaluate(() => globalThis.dataChannel?.readyState === 'open'), 15_000)
  }

  /** Sends a photo and answers what its pixels add up to. */
  async sendPhoto() {
    await this.page.click('#snapAndSend')
    return this.page.evaluate(checksum, '#photo')
  }

  /** Waits for photo number n and asserts that its pixels are these. */
  async photo(n, sum) {
    await this.page.waitForFunction(n => document.querySelectorAll('#trail canvas').length === n, n, { timeout: 15_000 })
    assert.equal(await this.page.evaluate(checksum, '#trail canvas'), sum, `${this.name}: the photo that came`)
  }
}

/** Runs in the page: FNV-1a over a canvas, and its size. */
function checksum(selector) {
  const canvas = document.querySelector(selector)
  let sum = 0x811c9dc5
  for (const byte of canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data) {
    sum = Math.imul(sum ^ byte, 0x01000193) >>> 0
  }
  return `${canvas.width}x${canvas.height} ${sum}`
}
