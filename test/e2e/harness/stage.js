// The stage of a test file: one private Prosody, one bridge, one Chromium, and the pages of the people on it.
// At its end the readers of all clients are asked about what its XMPP users heard of the bridge. What went on is printed only when a test fails.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import test, { after, before } from 'node:test'
import { serve } from '../stanza/serve.js'
import { Bridge } from './bridge.js'
import { Browser } from './browser.js'
import { CallPage } from './callpage.js'
import { JMIClient } from './jmiclient.js'
import { JSONClient } from './jsonclient.js'
import { Overheard } from './overheard.js'
import { Prosody } from './prosody.js'
import { Visitor } from './visitor.js'
import { XMPPUser } from './xmppuser.js'

const TEST_MS = 90_000

export const DOMAIN = 'verona.test'
export const COMPONENT = 'call.verona.test'
export const ACCOUNTS = { romeo: 'montague', benvolio: 'montague', tybalt: 'capulet', nurse: 'capulet', juliet: 'capulet' }

export class Stage {
  /** Builds the stage before the first test of the file and takes it down after the last. */
  static forFile(options = {}) {
    const stage = new Stage()
    before(() => stage.open(options))
    after(() => stage.close())
    return stage
  }

  people = []
  #closers = []
  #rooms = 0

  /** bridge is its configuration, null for none, or a function of the server that answers it. */
  async open({ bridge = {}, browser = true, tutorial = null } = {}) {
    this.dir = await mkdtemp(join(tmpdir(), 'jinglebridge-e2e-'))
    this.overheard = new Overheard(join(this.dir, 'overheard'), COMPONENT)
    const secret = randomBytes(24).toString('hex')
    try {
      this.prosody = await Prosody.start({ dir: this.dir, domain: DOMAIN, secret, accounts: ACCOUNTS })
      const config = typeof bridge === 'function' ? bridge(this.prosody) : bridge
      if (config) this.bridge = await Bridge.start({ dir: this.dir, component: COMPONENT, server: this.prosody.ports.link, secret, config, tutorial })
      if (browser) {
        this.pages = await serve({ websocket: this.prosody.websocket })
        this.browser = await Browser.start()
      }
    } catch (err) {
      await this.close()
      throw err
    }
  }

  async close() {
    await this.browser?.close()
    await this.pages?.close()
    await this.bridge?.stop()
    await this.prosody?.stop()
    try {
      await this.overheard.judge()
    } finally {
      await rm(this.dir, { recursive: true, force: true })
    }
  }

  /** A test whose people leave at its end, and whose logs are shown when it fails. */
  test(name, play) {
    test(name, { timeout: TEST_MS }, async t => {
      try {
        await play(t)
      } catch (err) {
        await this.print(name)
        throw err
      } finally {
        await this.clear()
      }
    })
  }

  /** A test after which no page of a room may have an error that it did not catch. */
  faultless(name, play) {
    this.test(name, async t => {
      await play(t)
      for (const person of this.people) assert.deepEqual(person.uncaught ?? [], [], `${person.name}: errors`)
    })
  }

  /** The name of a room that no other test of the file uses. */
  newRoom() { return `balcony-${++this.#rooms}` }

  /** Lets somebody in; they are shown out when the test ends. */
  enter(person) {
    this.people.push(person)
    return person
  }

  /** Something to undo when the test ends. */
  later(close) { this.#closers.push(close) }

  async xmppUser(name, browser = this.browser) { return this.#xmppUser(name, browser, this.pages.url) }

  /** An XMPP user whose app has proposals (XEP-0353), as those of phones do. */
  async proposer(name) { return this.#xmppUser(name, this.browser, `${this.pages.url}?proposals`) }

  async #xmppUser(name, browser, url) {
    return this.enter(await XMPPUser.open(browser, url, { name, domain: DOMAIN, password: ACCOUNTS[name] }))
  }

  /**
   * An XMPP user whom anybody here can call. His app has no proposals (XEP-0353), so the bridge has to know his device, and it
   * does since he has somebody here as a contact.
   */
  async reachable(name) {
    const user = await this.xmppUser(name), friend = `friend-of-${name}`
    const page = this.enter(await JSONClient.open(this.bridge.websocket, friend))
    await user.add(`${friend}@${COMPONENT}`)
    await page.presence(user.address)
    return user
  }

  async callPage(name, browser = this.browser) {
    return this.enter(await CallPage.open(browser, this.bridge.url, name))
  }

  /** The call page of who is an XMPP account. */
  async accountPage(name) {
    return this.enter(await CallPage.open(this.browser, this.bridge.url, `${name}@${DOMAIN}`, ACCOUNTS[name]))
  }

  /** Somebody who came to a page of the bridge. */
  async visitor(page, nick) { return this.enter(await Visitor.open(this.browser, this.bridge.url, page, nick)) }

  async jmiClient(name, resource = 'phone') {
    return this.enter(await JMIClient.start({ address: `${name}@${DOMAIN}`, resource, password: ACCOUNTS[name], port: this.prosody.ports.c2s }))
  }

  /** A page and an XMPP user who know each other; browsers says who has one of their own. */
  async couple(page = 'juliet', user = 'romeo', browsers = {}) {
    const pair = await Promise.all([this.callPage(page, browsers[page]), this.xmppUser(user, browsers[user])])
    await this.befriend(...pair)
    return pair
  }

  /** Lets an XMPP user have a page among its contacts, and waits until each sees the other. */
  async befriend(page, user) {
    await user.add(`${page.name}@${COMPONENT}`)
    await user.sees(`${page.name}@${COMPONENT}`, 'audio video')
    await page.sees?.(user.address)
  }

  /** A browser that the test may kill. */
  async browserToKill() {
    const browser = await Browser.start()
    this.later(() => browser.kill())
    return browser
  }

  async clear() {
    for (const person of this.people) await this.overheard.take(person)
    const closing = this.people.splice(0).map(p => p.context?.close().catch(() => {}))
    closing.push(...this.#closers.splice(0).map(close => Promise.resolve(close()).catch(() => {})))
    await Promise.all(closing)
  }

  async print(name) {
    const lines = [`---- "${name}" failed; what went on:`]
    for (const p of this.people) {
      lines.push(...(p.log ?? []).slice(-40).map(l => `  ${p.name} | ${l}`))
      for (const { direction, xml } of (await p.wire?.().catch(() => [])) ?? []) {
        if (xml.includes('urn:xmpp:jingle') || xml.includes('type="error"')) lines.push(`  ${p.name} ${direction} | ${xml.slice(0, 1500)}`)
      }
    }
    lines.push(this.bridge?.tail() ?? '', this.prosody?.tail(30) ?? '', '----')
    console.error(lines.join('\n'))
  }
}
