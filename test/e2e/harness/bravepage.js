// The page of "WebRTC for the Brave". Nothing of it is changed but the address of its server, and the room where a test needs
// another than the one it names.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveText } from './site.js'
import { RoomPage } from './roompage.js'

const PAGE = join(dirname(fileURLToPath(import.meta.url)), '../tutorial/brave.html')
const LIBRARY = join(dirname(createRequire(import.meta.url).resolve('socket.io-client/package.json')), 'dist/socket.io.esm.min.js')
const ADDRESS = 'http://localhost:3000'
const ROOM = "room: '1234'"

export class BravePage extends RoomPage {
  /** Serves the page, looking for its server at address and going to room; answers {url, close}. */
  static async serve(address, room = '1234') {
    const page = await readFile(PAGE, 'utf8')
    for (const wanted of [ADDRESS, ROOM]) if (!page.includes(wanted)) throw new Error(`brave.html does not have ${wanted}`)
    const html = page.replaceAll(ADDRESS, address).replace(ROOM, `room: ${JSON.stringify(room)}`)
    return serveText(html)
  }

  /** Serves the page for a stage, and opens it there. */
  static async enter(stage, name, room, scripts) {
    const site = await BravePage.serve(stage.bridge.listener('brave'), room)
    stage.later(() => site.close())
    return stage.enter(await BravePage.open(stage.browser, site.url, name, scripts))
  }

  /** Opens the page at url, of a site of its own, and joins. Scripts run before its own. */
  static async open(browser, url, name, scripts = []) {
    const page = new BravePage()
    Object.assign(page, await browser.open(name, url, scripts, library), { media: ['unplayed audio', 'video'] })
    await page.#join()
    return page
  }

  async #join(from = 0) {
    await this.said('Connected', 8_000, from)
    await this.page.click('#join')
  }

  /** Loads the page again, and joins. */
  async again() {
    const from = this.log.length
    await this.page.reload()
    await this.#join(from)
    await this.said('In the room: []', 8_000, from)
  }
}

/** Lets the page have its library without a network. */
async function library(tab) {
  const body = await readFile(LIBRARY, 'utf8')
  await tab.route('https://cdn.socket.io/**', route => route.fulfill({
    body, contentType: 'text/javascript', headers: { 'access-control-allow-origin': '*' },
  }))
}
