// The judges: Chromium and Firefox, each with one page that speaks WebRTC for the tests.

import { after, before } from 'node:test'
import { createServer } from 'node:http'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import puppeteer from 'puppeteer-core'

const HERE = dirname(fileURLToPath(import.meta.url))
const PAGE = '<!doctype html><meta charset=utf-8><title>judge</title><link rel=icon href=data:,><script src=page.js></script>'

// Whatever is asked of a browser, an answer or an error comes within this time.
const PATIENCE = 60_000

// Fake devices without a question, addresses instead of mDNS names, nothing sent home.
const CHROMIUM = {
  browser: 'chrome',
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    '--disable-features=WebRtcHideLocalIpsWithMdns', '--disable-background-networking', '--disable-component-update',
  ],
}
const FIREFOX = {
  browser: 'firefox',
  executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.gmp-manager.updateEnabled': false, // no download of OpenH264
    'app.update.disabledForTesting': true,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,',
    'browser.safebrowsing.update.enabled': false,
    'toolkit.telemetry.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
  },
}

/** One browser; its methods are those of page.js. */
class Judge {
  constructor(name, options) {
    this.name = name
    this.options = options
  }

  async start(url) {
    // COMPAT Firefox: as root it does not start in a home of somebody else's.
    this.home = await mkdtemp(join(tmpdir(), 'judge-home-'))
    const env = { ...process.env, HOME: this.home, TMPDIR: this.home, MOZ_CRASHREPORTER_DISABLE: '1' }
    this.browser = await puppeteer.launch({ headless: true, protocolTimeout: PATIENCE, timeout: PATIENCE, env, ...this.options })
    this.page = await this.browser.newPage()
    await this.page.goto(url)
    await this.#ask('open')
  }

  async stop() {
    await this.browser?.close()
    if (this.home) await rm(this.home, { recursive: true, force: true, maxRetries: 5 })
  }

  #ask(method, ...args) {
    return this.page.evaluate((m, a) => globalThis.judge[m](...a), method, args)
  }

  bundle(policy) { return this.#ask('bundle', policy) }
  hear(offer, pc) { return this.#ask('hear', offer, pc) }
  offer(lines, pc, restart) { return this.#ask('offer', lines, pc, restart) }
  answered(pc, answer) { return this.#ask('answered', pc, answer) }
  gathered(pc) { return this.#ask('gathered', pc) }
  trickled(pc, candidates) { return this.#ask('trickled', pc, candidates) }
  counters(pc) { return this.#ask('counters', pc) }
  close() { return this.#ask('close') }
}

let here

/** The judges of all tests of this process: there before the first, gone after the last. */
export const judges = () => (here ??= summoned())

function summoned() {
  const all = [new Judge('Chromium', CHROMIUM), new Judge('Firefox', FIREFOX)]
  const server = createServer((request, response) => serve(request.url, response))
  before(async () => {
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    await Promise.all(all.map(judge => judge.start(`http://127.0.0.1:${server.address().port}/`)))
  }, { timeout: 2 * PATIENCE })
  after(async () => {
    await Promise.all(all.map(judge => judge.stop()))
    server.closeAllConnections()
    server.close()
  }, { timeout: PATIENCE })
  return all
}

/** Devices are given to pages from 127.0.0.1, not to files. */
async function serve(path, response) {
  const script = path === '/page.js'
  response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
  response.end(script ? await readFile(join(HERE, 'page.js')) : PAGE)
}
