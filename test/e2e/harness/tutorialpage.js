// The tutorial pages, driven as a person would. Nothing of them is changed but the address of the server.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveText } from './site.js'
import { until } from './wait.js'

const PAGES = join(dirname(fileURLToPath(import.meta.url)), '../tutorial')
const KINDS = {
  first: {
    address: 'ws://localhost:8888', name: '#username', login: '#login', to: '#their-username', call: '#call',
    hangUp: '#hang-up', remote: '#theirs', media: ['video'],
  },
  second: {
    address: 'ws://localhost:9090', name: '#usernameInput', login: '#loginBtn', to: '#callToUsernameInput', call: '#callBtn',
    hangUp: '#hangUpBtn', remote: '#remoteVideo', media: ['audio', 'video'],
  },
}

// What today's browsers took away from these pages: a URL for a stream (W3C File API, 2018).
function shim() {
  const made = URL.createObjectURL
  const streams = new Map()
  URL.createObjectURL = o => o instanceof MediaStream ? (streams.set(`stream:${o.id}`, o), `stream:${o.id}`) : made.call(URL, o)
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'src')
  const set = function (url) { streams.has(url) ? this.srcObject = streams.get(url) : source.set.call(this, url) }
  Object.defineProperty(HTMLMediaElement.prototype, 'src', { ...source, set })
}

/** Serves one kind of page, looking for its server at websocket; answers {url, close}. */
export async function serveTutorial(kind, websocket) {
  const page = await readFile(join(PAGES, `${kind}.html`), 'utf8')
  const html = page.replace(KINDS[kind].address, websocket)
  if (html === page) throw new Error(`${kind}.html does not name ${KINDS[kind].address}`)
  return serveText(html)
}

export class TutorialPage {
  static async open(browser, url, kind, name) {
    const page = new TutorialPage()
    Object.assign(page, await browser.open(name, url, [shim]), { kind, $: KINDS[kind], media: KINDS[kind].media })
    await page.page.fill(page.$.name, name)
    await page.said('Connected')
    await page.page.click(page.$.login)
    await until(`${name}: a peer connection`, () => page.connections())
    return page
  }

  /** How many peer connections are not closed. */
  connections() { return this.page.evaluate(() => globalThis.openPCs()) }

  /** Waits for a line on the page's console, from line number `from` on. */
  said(text, ms = 8_000, from = 0) {
    return until(`${this.name}: "${text}" on the console`, () => this.log.slice(from).find(line => line.includes(text)), ms)
  }

  async call(name) {
    await this.page.fill(this.$.to, name)
    await this.page.click(this.$.call)
  }

  hangUp() { return this.page.click(this.$.hangUp) }

  /** Waits until the other side's picture is on the screen. */
  picture() {
    return this.page.waitForFunction(selector => document.querySelector(selector).videoWidth > 0, this.$.remote, { timeout: 15_000 })
  }

  /** Waits until the page was told, once, that the other side left. */
  async left(ms = 8_000) {
    const frame = '< {"type":"leave"}'
    await this.said(frame, ms)
    const times = this.log.filter(line => line === frame).length
    if (times !== 1) throw new Error(`${this.name}: told ${times} times that the other side left`)
  }
}
