// Call initiation messages (XEP-0353), which stanza.js does not have: an account is called, all its devices ring, one
// takes the call. The session itself stays stanza.js's own.

import { JXT } from 'stanza'

const JMI = 'urn:xmpp:jingle-message:0'
const RTP = 'urn:xmpp:jingle:apps:rtp:1'
const JINGLE = 'urn:xmpp:jingle:1'
const KINDS = ['propose', 'ringing', 'proceed', 'reject', 'retract', 'accept', 'finish']

// The media of a propose: one <description/> each.
const media = {
  importer: xml => xml.getChildren('description', RTP).map(d => d.getAttribute('media')),
  exporter(xml, kinds) { for (const kind of kinds) xml.appendChild(new JXT.XMLElement('description', { xmlns: RTP, media: kind })) },
}

const reason = { importer: xml => xml.getChild('reason', JINGLE)?.children[0]?.getName(), exporter() {} }

const bare = jid => jid.split('/')[0]

export class Proposals {
  #ours = new Map() // by sid: {address, ringing, proceed, reject} of the calls we propose
  #theirs = new Map() // by sid: who proposed it, the full JID

  /** on is told what comes: rings({sid, from, media}), over(sid, reason). */
  constructor(client, on) {
    Object.assign(this, { client, on })
    client.stanzas.define(KINDS.map(element => ({ element, namespace: JMI, path: `message.${element}`, fields: { id: JXT.attribute('id'), media, reason } })))
    client.disco.addFeature(JMI)
    client.on('session:started', () => client.enableCarbons())
    const look = message => {
      const kind = message.type !== 'error' && KINDS.find(each => message[each])
      if (kind) this.#heard(kind, message[kind], message.from)
    }
    client.on('message', look)
    client.on('message:sent', (message, byCarbon) => byCarbon && look(message)) // by another device of ours
  }

  /** Lets all devices of an address ring; resolves with the one that takes the call, rejects with why none does. */
  propose(sid, address, media, ringing) {
    return new Promise((proceed, reject) => {
      this.#ours.set(sid, { address, ringing, proceed, reject })
      this.#say(address, 'propose', sid, { media })
    })
  }

  retract(sid) {
    const { address } = this.#ours.get(sid)
    this.#ours.delete(sid)
    this.#say(address, 'retract', sid)
  }

  proceed(sid) { this.#say(this.#theirs.get(sid), 'proceed', sid) }

  reject(sid) { this.#say(this.#theirs.get(sid), 'reject', sid) }

  #say(to, kind, id, more = {}) {
    this.client.sendMessage({ to, type: 'chat', [kind]: { id, ...more }, processingHints: { store: true } })
  }

  #heard(kind, { id, media, reason }, from) {
    if (bare(from) === bare(this.client.jid)) return this.#saidElsewhere(kind, id, from)
    const ours = this.#ours.get(id)
    if (kind === 'propose') {
      this.#theirs.set(id, from)
      this.#say(from, 'ringing', id)
      this.on.rings({ sid: id, from, media })
    } else if (kind === 'retract' && this.#theirs.get(id) === from) this.#over(id, 'cancel')
    else if (kind === 'ringing') ours?.ringing()
    else if (kind === 'proceed') ours?.proceed(from)
    else if (kind === 'reject') ours?.reject({ name: reason ?? 'decline' })
  }

  /** What another device of ours has said: our server's carbons (XEP-0280) tell. */
  #saidElsewhere(kind, id, from) {
    if (from !== this.client.jid && ['proceed', 'accept', 'reject'].includes(kind)) this.#over(id, 'elsewhere')
  }

  #over(sid, reason) {
    if (this.#theirs.delete(sid)) this.on.over(sid, reason)
  }
}
