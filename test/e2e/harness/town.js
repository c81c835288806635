// A server, a bridge on it that remembers, and people without browsers: XMPP users on slixmpp, pages that are sockets.
// For scenes that are about who knows whom, and quick. What went on is printed when a scene fails.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Bridge } from './bridge.js'
import { JMIClient } from './jmiclient.js'
import { JSONClient } from './jsonclient.js'
import { Users } from './users.js'

const SCENE_MS = 90_000
const ROSTER = { caps: ['invite', 'roster', 'messages'] }

export const DOMAIN = 'verona.test'
export const COMPONENT = 'call.verona.test'
export const ACCOUNTS = { romeo: 'montague', benvolio: 'montague', tybalt: 'capulet', nurse: 'capulet', peter: 'capulet', juliet: 'capulet' }

/** The JID that a page's name is for XMPP users. */
export const contact = name => `${name}@${COMPONENT}`

export class Town {
  people = []

  /** Builds the town on this kind of server before the first scene of a suite, and takes it down after the last. */
  static forSuite(Server, config = {}) {
    const town = new Town()
    before(() => town.open(Server, config))
    after(() => town.close())
    return town
  }

  async open(Server, config) {
    this.dir = await mkdtemp(join(tmpdir(), 'jinglebridge-town-'))
    const secret = randomBytes(24).toString('hex')
    try {
      this.server = await Server.start({ dir: this.dir, domain: DOMAIN, secret, accounts: ACCOUNTS })
      this.users = new Users({ domain: DOMAIN, port: this.server.ports.c2s, accounts: ACCOUNTS })
      this.bridge = await Bridge.start({
        dir: this.dir, component: COMPONENT, server: this.server.ports.link, secret,
        config: { store: { path: join(this.dir, 'store.db') }, ...(typeof config === 'function' ? config(this.server) : config) },
      })
    } catch (err) {
      await this.close()
      throw err
    }
  }

  async close() {
    await this.users?.stop()
    await this.bridge?.stop()
    await this.server?.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** A scene whose people leave at its end. */
  scene(name, play) {
    test(name, { timeout: SCENE_MS }, async t => {
      try {
        await play(t)
      } catch (err) {
        this.print(name)
        throw err
      } finally {
        await Promise.all(this.people.splice(0).map(p => p.context.close().catch(() => {})))
      }
    })
  }

  enter(person) {
    this.people.push(person)
    return person
  }

  /** An XMPP user, logged in. */
  async user(name, device, options) { return this.enter(await this.users.login(name, device, options)) }

  /** A page that wants its contact list, logged in; it has been told who is in it. */
  async page(name, keys = ROSTER) {
    const page = this.enter(await JSONClient.open(this.bridge.websocket, name, { login: keys }))
    if (keys.caps?.includes('roster')) await page.asks({ type: 'roster' })
    return page
  }

  /** A scripted client with proposals (XEP-0353). */
  async jmiClient(name, resource = 'phone') {
    return this.enter(await JMIClient.start({ address: `${name}@${DOMAIN}`, resource, password: ACCOUNTS[name], port: this.server.ports.c2s }))
  }

  /** A page and an XMPP user who see each other; the user has asked. */
  async couple(page, user) {
    const pair = await Promise.all([this.page(page), this.user(user)])
    pair[1].do('subscribe', { to: contact(page) })
    await Promise.all([
      pair[1].sees(contact(page), { subscription: 'both', shows: ['available'] }),
      pair[0].shows(pair[1].address, { subscription: 'both', show: 'available' }),
    ])
    return pair
  }

  print(name) {
    const lines = [`---- "${name}" failed; what went on:`]
    for (const p of this.people) lines.push(...p.log.slice(-40).map(l => `  ${p.name} | ${l}`))
    lines.push(this.bridge?.tail(60) ?? '', this.server?.tail(20) ?? '', '----')
    console.error(lines.join('\n'))
  }
}
