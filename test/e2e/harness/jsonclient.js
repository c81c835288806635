// A client of the plain protocol without a browser: one WebSocket, one JSON object a message.

import assert from 'node:assert/strict'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.js'
import { until, within } from './wait.js'

let asked = 0

export class JSONClient {
  log = []
  view = new Map() // what a page would show of each contact: what presence and roster say
  context = { close: async () => this.vanish() }

  /** Connects to url, and logs in with name: as a client of version 1, with these further keys, or as an old one. */
  static async open(url, name, { old = false, login = {} } = {}) {
    const client = await JSONClient.connect(url, name)
    await until(`${name}: a login`, () => client.#logIn(old, login))
    return client
  }

  /** Connects to url, and no more. */
  static async connect(url, name) {
    const client = new JSONClient()
    Object.assign(client, { name, inbox: new Inbox(name), contacts: new Inbox(`${name}'s contacts`), socket: new WebSocket(url) })
    client.socket.on('message', data => client.#take(String(data)))
    client.socket.on('close', code => client.inbox.end(`closed with ${code}`))
    client.socket.on('error', err => client.inbox.end(err.message))
    await within(8_000, `${name}: connecting`, new Promise((resolve, reject) => {
      client.socket.once('open', resolve)
      client.socket.once('error', reject)
    }))
    return client
  }

  /** Whoever had the name in the test before may still be leaving; so one asks again. */
  async #logIn(old, more) { return (await this.login(old ? {} : { v: 1, ...more })).success }

  /** Asks once to be logged in, with these keys, and answers the answer. */
  async login(keys = { v: 1 }) {
    this.send({ type: 'login', name: this.name, ...keys })
    return this.inbox.find('an answer to its login', message => message.type === 'login')
  }

  #take(text) {
    this.log.push(`< ${text.slice(0, 300)}`)
    const message = JSON.parse(text)
    if (message.type === 'presence') this.view.set(message.name, { ...this.view.get(message.name), ...message })
    for (const item of message.items ?? []) this.view.set(item.name, item)
    const inbox = message.type === 'presence' ? this.contacts : this.inbox
    inbox.put(message)
  }

  send(message) {
    const text = JSON.stringify(message)
    this.log.push(`> ${text.slice(0, 300)}`)
    this.socket.send(text)
  }

  /** Asserts that the next message is this one, presence apart. */
  async hears(message) {
    assert.deepEqual(await this.inbox.next(), message, `${this.name}: the next message`)
  }

  /** Asserts that the next message has these keys, and answers it. */
  async hearsLike(keys) {
    const message = await this.inbox.next()
    const same = Object.fromEntries(Object.keys(keys).map(key => [key, message[key]]))
    assert.deepEqual(same, keys, `${this.name}: the next message is ${JSON.stringify(message)}`)
    return message
  }

  /** Asserts that nothing came but what was read, by asking something that is answered after all of it. */
  async hearsNoMore() {
    this.send({ type: 'ping' })
    assert.deepEqual(await this.inbox.next(), { type: 'pong' }, `${this.name}: nothing else`)
  }

  /** Waits until a contact can be called. */
  presence(name) { return this.contacts.find(`${name}, who can be called`, contact => contact.name === name && contact.media?.length > 0) }

  /** Waits until a page would show a contact with these keys. */
  shows(name, keys, ms) {
    return until(`${this.name}: ${name} as ${JSON.stringify(keys)}`, () => {
      const now = this.view.get(name) ?? {}
      return Object.keys(keys).every(key => now[key] === keys[key]) || assert.fail(JSON.stringify(now))
    }, ms)
  }

  /** Sends a message and waits until it is answered: with what, unless that is ok, the caller looks at. */
  async asks(message) {
    const id = ++asked
    this.send({ ...message, id })
    return this.inbox.find(`an answer to ${message.type}`, m => m.id === id)
  }

  /** Joins a room and answers what it was told. */
  async join(room, more = {}) {
    this.send({ type: 'join', room, ...more })
    return this.hearsLike({ type: 'join', room })
  }

  close() { this.socket.close() }

  /** The connection breaks. */
  vanish() { this.socket.terminate() }
}
