// Socket.IO's own clients of two generations, without a browser: 2 speaks Engine.IO 3, as the codelab does, 4 speaks Engine.IO 4.

import assert from 'node:assert/strict'
import io4 from 'socket.io-client'
import io2 from 'socket.io-client-2'
import { Inbox } from './inbox.js'
import { until, within } from './wait.js'

const LIBRARIES = { 2: io2, 4: io4 }
export const VERSIONS = [2, 4]
export const TRANSPORTS = { polling: ['polling'], upgrade: ['polling', 'websocket'], websocket: ['websocket'] }

export class SocketClient {
  log = []
  said = []
  context = { close: async () => this.close() }

  /** Connects to url; options go to the library. */
  static async open(url, { name, version = 4, transport = 'websocket', ...options }) {
    const client = new SocketClient()
    client.name = `${name}, ${version} ${transport}`
    client.inbox = new Inbox(client.name)
    client.socket = LIBRARIES[version](url, { transports: TRANSPORTS[transport], forceNew: true, reconnection: false, ...options })
    client.#listen()
    await client.connected()
    if (transport === 'upgrade') await until(`${client.name}: the upgrade`, () => client.transport === 'websocket')
    return client
  }

  #listen() {
    // Every event, also those that nobody would think of.
    const { socket } = this, take = socket.onevent
    socket.onevent = packet => {
      this.log.push(`< ${JSON.stringify(packet.data).slice(0, 300)}`)
      if (packet.data[0] === 'log') this.said.push(packet.data[1])
      else this.inbox.put(packet.data)
      take.call(socket, packet)
    }
    for (const event of ['connect', 'disconnect', 'connect_error']) socket.on(event, why => this.log.push(`${event} ${why ?? ''}`))
    socket.on('disconnect', why => this.inbox.end(`disconnected: ${why}`))
  }

  connected() {
    if (this.socket.connected) return undefined
    return within(8_000, `${this.name}: connecting`, new Promise((resolve, reject) => {
      this.socket.once('connect', resolve)
      this.socket.once('connect_error', reject)
    }))
  }

  get id() { return this.socket.id }
  get transport() { return this.socket.io.engine.transport.name }

  emit(...event) {
    this.log.push(`> ${JSON.stringify(event).slice(0, 300)}`)
    this.socket.emit(...event)
  }

  /** Asserts that the next event is this one, `log` apart. */
  async hears(...event) {
    assert.deepEqual(await this.inbox.next(), event, `${this.name}: the next event`)
  }

  /** Asserts that these are the next events, in this order. */
  async hearsAll(events) { for (const event of events) await this.hears(...event) }

  /** Asserts that nothing came but what was read. Have something come first that must be later. */
  hearsNoMore() { assert.deepEqual(this.inbox.unread, [], `${this.name}: nothing else`) }

  /** Waits for a `log` event with this text. */
  logged(text) {
    return until(`${this.name}: "${text}" in the log`, () => this.said.find(words => words.join(' ').includes(text)))
  }

  /** Waits until the server has ended the connection. */
  disconnected() { return until(`${this.name}: the end`, () => !this.socket.connected) }

  close() { this.socket.close() }

  /** The connection breaks; the server is told nothing. */
  vanish() {
    const { transport } = this.socket.io.engine
    if (!transport.ws) throw new Error(`${this.name}: only a WebSocket can break`)
    transport.ws.terminate()
  }
}
