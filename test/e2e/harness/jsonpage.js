// A page that speaks plain JSON and goes to a room.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveText } from './site.js'
import { RoomPage } from './roompage.js'
import { until } from './wait.js'

const PAGE = join(dirname(fileURLToPath(import.meta.url)), '../tutorial/room.html')

export class JSONPage extends RoomPage {
  /** Serves the page; answers {url, close}. */
  static async serve() { return serveText(await readFile(PAGE, 'utf8')) }

  /** Serves the page for a stage, and opens it there. */
  static async enter(stage, name, room) {
    const site = await JSONPage.serve()
    stage.later(() => site.close())
    return stage.enter(await JSONPage.open(stage.browser, site.url, stage.bridge.websocket, room, name))
  }

  /** Opens the page at url and goes to room by the bridge at websocket. */
  static async open(browser, url, websocket, room, name) {
    const page = new JSONPage()
    Object.assign(page, await browser.open(name, `${url}#${websocket},${name},${room}`), { media: ['audio', 'video'] })
    await page.said('Joined as')
    return page
  }

  leave() { return this.page.click('#leave') }

  /** Waits until it has n connections, all of them connected. */
  mesh(n, ms = 20_000) {
    return until(`${this.name}: ${n} connected peer connections`, async () => {
      const states = await this.page.evaluate('[...peers.values()].map(peer => peer.pc.connectionState)')
      return states.length === n && states.every(state => state === 'connected')
    }, ms)
  }
}
