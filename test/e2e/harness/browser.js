// Chromium with a false camera and a false microphone.

import { chromium } from 'playwright-core'
import { probe } from './probe.js'

const ARGS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream=fps=5', // enough to see that pictures flow; what they cost, the other tests need
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Nobody resolves .local names between two headless browsers; and each window's address bar would have a renderer of its own.
  '--disable-features=WebRtcHideLocalIpsWithMdns,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
]

export class Browser {
  static async start() {
    const server = await chromium.launchServer({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      args: ARGS,
      handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
    })
    const end = () => server.process().kill('SIGKILL')
    process.on('exit', end)
    const browser = new Browser()
    Object.assign(browser, { server, end, chromium: await chromium.connect(server.wsEndpoint()) })
    return browser
  }

  /** Opens url as a person of its own: nothing is shared with the other pages. prepare gets the page before it goes there. */
  async open(name, url, scripts = [], prepare = () => {}) {
    const context = await this.chromium.newContext({ permissions: ['camera', 'microphone'] })
    await context.addInitScript(probe)
    for (const script of scripts) await context.addInitScript(script)
    const page = await context.newPage()
    const log = []
    page.on('console', message => log.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', err => log.push(`uncaught: ${err.stack}`))
    page.on('websocket', socket => {
      if (socket.url().includes('xmpp')) return // the page keeps its stanzas itself
      socket.on('framesent', ({ payload }) => log.push(`> ${String(payload).slice(0, 300)}`))
      socket.on('framereceived', ({ payload }) => log.push(`< ${String(payload).slice(0, 300)}`))
      socket.on('close', () => log.push('socket closed'))
    })
    await prepare(page, log)
    await page.goto(url)
    return { name, page, context, log }
  }

  /** Kills it as a crash would. */
  async kill() {
    await this.server.kill()
    process.off('exit', this.end)
  }

  async close() {
    await this.server.close()
    process.off('exit', this.end)
  }
}
