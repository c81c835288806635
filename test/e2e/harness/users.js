// XMPP users on slixmpp: one program for all of a server's.

import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Inbox } from './inbox.js'
import { render } from './jmiclient.js'
import { Program } from './program.js'
import { until } from './wait.js'

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), '../people/users.py')

export class Users {
  #users = new Map()
  #logins = 0

  /** Starts the program for the server whose c2s port this is; accounts are {name: password}. */
  constructor({ domain, port, accounts }) {
    Object.assign(this, { domain, accounts, program: new Program(`users of ${domain}`, '/usr/bin/python3', [SCRIPT, String(port)]) })
    this.program.watchers.add(line => line.startsWith('{') && this.#take(JSON.parse(line)))
  }

  #take(event) {
    const user = this.#users.get(event.as)
    if (event.event === 'fault') for (const each of this.#users.values()) each.inbox.end(event.text)
    else if (event.event === 'in') user.inbox.put(event.stanza)
    else if (event.event === 'contact') user.contacts.set(event.jid, event)
    else user.state = event
  }

  /** Logs in as name with this device; approve says yes to whoever subscribes. */
  async login(name, device = 'phone', { approve = true } = {}) {
    const user = new User(this, `${name}/${device}#${++this.#logins}`, `${name}@${this.domain}`)
    this.#users.set(user.as, user)
    user.do('login', { jid: `${user.address}/${device}`, password: this.accounts[name], approve })
    await until(`${user.as}: a login`, () => user.state?.event === 'online')
    user.jid = user.state.jid
    return user
  }

  write(command) { this.program.write(JSON.stringify(command)) }
  stop() { return this.program.stop() }
}

export class User {
  contacts = new Map() // what slixmpp shows of each: {subscription, ask, devices}
  context = { close: () => this.logout() }

  constructor(users, as, address) { Object.assign(this, { users, as, name: as, address, inbox: new Inbox(as) }) }

  get log() { return this.inbox.heard.map(stanza => `< ${render(stanza).slice(0, 400)}`) }

  do(verb, parameters) { this.users.write({ do: verb, as: this.as, ...parameters }) }

  async logout() {
    if (this.state?.event === 'online') this.do('logout')
    await until(`${this.as}: offline`, () => this.state?.event === 'offline')
  }

  /** Waits until the app shows a contact so: {subscription?, ask?, shows?}, where shows are its devices'. */
  sees(address, wanted, ms) {
    return until(`${this.as}: ${address} as ${JSON.stringify(wanted)}`, () => {
      const now = this.view(address)
      return Object.keys(wanted).every(key => JSON.stringify(now[key]) === JSON.stringify(wanted[key])) || assert.fail(JSON.stringify(now))
    }, ms)
  }

  /** What the app shows of a contact just now. */
  view(address) {
    const { subscription = 'none', ask = false, devices = {} } = this.contacts.get(address) ?? {}
    const shown = Object.values(devices)
    return { subscription, ask, shows: shown.map(d => d.show || 'available').sort(), statuses: shown.map(d => d.status), devices: Object.keys(devices) }
  }

  /** Waits for a presence of this type ("available" for none) from an address, and takes it. */
  presence(from, type = 'available', ms) {
    return this.inbox.find(`presence ${type} of ${from}`, s => isPresence(s, from, type), ms)
  }

  /** How many presences of this type came from an address in the end, once all that was on its way is there. */
  async count(from, type) {
    await this.settled(from)
    return this.inbox.heard.filter(s => isPresence(s, from, type)).length
  }

  /** Waits for what the bridge has said so far, by writing to nobody, which it answers after all of that. */
  async settled(address) {
    const id = `settled-${++settlings}`
    this.do('send', { xml: `<message xmlns='jabber:client' type='chat' id='${id}' to='${address.replace(/^.*@/, 'nobody-at-all@')}'><body>Anybody?</body></message>` })
    await this.answer(id)
  }

  /** The answer to a stanza of this id: anything that came with it. */
  answer(id, ms) { return this.inbox.find(`an answer to ${id}`, s => s.attrs.id === id && ['result', 'error'].includes(s.attrs.type), ms) }

  /** Waits for a message with this body. */
  message(body, ms) { return this.inbox.find(`the message ${body}`, s => s.name === 'message' && s.children.some(c => c.name === 'body' && c.text === body), ms) }
}

let settlings = 0

const bare = jid => jid?.split('/')[0]
const isPresence = (s, from, type) => s.name === 'presence' && bare(s.attrs.from) === from && (s.attrs.type ?? 'available') === type
