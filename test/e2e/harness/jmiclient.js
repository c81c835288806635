// The scripted XEP-0353 client, as a test drives it.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from './program.js'

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), '../jmi/client.py')
export const JMI = 'urn:xmpp:jingle-message:0'
export const JINGLE = 'urn:xmpp:jingle:1'

/** The first child of an element with this name, and namespace where one is given. */
export function child(element, name, ns) {
  return element?.children.find(c => c.name === name && (!ns || c.ns === ns))
}

export class JMIClient {
  static async start({ address, resource, password, port }) {
    const client = new JMIClient()
    client.address = address
    client.name = `${address}/${resource}`
    client.events = []
    client.program = new Program(client.name, '/usr/bin/python3', [SCRIPT, `${address}/${resource}`, '--port', String(port)], {
      env: { ...process.env, JMI_PASSWORD: password },
    })
    client.program.watchers.add(line => client.#take(line))
    client.jid = (await client.event('login', e => e.event === 'online')).jid
    return client
  }

  context = { close: () => this.program.stop() }
  waiting = new Set()

  #take(line) {
    if (!line.startsWith('{')) return
    this.events.push(JSON.parse(line))
    for (const check of [...this.waiting]) check()
  }

  get log() { return this.program.log.map(line => line.slice(0, 1500)) }
  get faults() { return this.events.filter(e => e.event === 'fault').map(e => e.text) }

  do(verb, parameters) { this.program.write(JSON.stringify({ do: verb, ...parameters })) }

  /** Waits for the first event, seen already or still to come, that test is true for. */
  event(what, test, ms = 8_000) {
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer)
        this.waiting.delete(check)
        settle(value)
      }
      const check = () => {
        const found = this.events.find(test)
        if (found) done(resolve, found)
      }
      const timer = setTimeout(() => done(reject, new Error(`${this.name}: no ${what} in ${ms} ms`)), ms)
      this.waiting.add(check)
      this.program.exited.then(() => done(reject, new Error(`${this.name}: ended; wanted ${what}`)))
      check()
    })
  }

  /** Waits for a message with this XEP-0353 element and answers the message. */
  async message(kind, sid, { direction = 'in', ms } = {}) {
    const { stanza } = await this.event(`${kind} ${direction}`, e => e.event === direction && e.stanza.name === 'message' &&
      e.stanza.attrs.type !== 'error' && isJMI(child(e.stanza, kind, JMI), sid), ms)
    return stanza
  }

  /** Waits for an IQ with this Jingle action and answers the IQ. */
  async jingle(action, sid, { direction = 'in', ms } = {}) {
    const { stanza } = await this.event(`${action} ${direction}`, e => e.event === direction && e.stanza.name === 'iq' &&
      isAction(child(e.stanza, 'jingle', JINGLE), action, sid), ms)
    return stanza
  }

  /** Every stanza that came, or went, so far. */
  stanzas(direction = 'in') { return this.events.filter(e => e.event === direction).map(e => e.stanza) }

  /** What it said and heard, in order, [{direction: 'in' | 'out', xml}]. */
  overheard() { return this.events.filter(e => e.stanza).map(e => ({ direction: e.event, xml: render(e.stanza) })) }
}

const escaped = text => text.replace(/[&<>"\n\r\t]/g, c => `&#${c.charCodeAt(0)};`)

/** An element as XML again; attributes with a namespace (xml:lang) are left out. */
export function render({ name, ns, attrs, text, children }) {
  const attributes = Object.entries(attrs).filter(([key]) => !key.startsWith('{')).map(([key, value]) => ` ${key}="${escaped(value)}"`)
  return `<${name} xmlns="${escaped(ns)}"${attributes.join('')}>${escaped(text)}${children.map(render).join('')}</${name}>`
}

const isJMI = (payload, sid) => payload && (!sid || payload.attrs.id === sid)
const isAction = (jingle, action, sid) => jingle?.attrs.action === action && (!sid || jingle.attrs.sid === sid)
