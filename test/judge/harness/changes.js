// Other ways to say a description, that clients have or might have. Each changes the <jingle/> that it gets, and returns it.

const NS = 'urn:xmpp:jingle:1'
const RTP = 'urn:xmpp:jingle:apps:rtp:1'
const GROUPING = 'urn:xmpp:jingle:apps:grouping:0'
const HDREXT = 'urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'
const ICE = 'urn:xmpp:jingle:transports:ice-udp:1'
const DTLS = 'urn:xmpp:jingle:apps:dtls:0'

const contents = jingle => jingle.getChildren('content', NS)
const description = content => content.getChild('description', RTP)
const payloads = content => description(content).getChildren('payload-type', RTP)
const extensions = content => description(content).getChildren('rtp-hdrext', HDREXT)
const transport = content => content.getChild('transport', ICE)
const isRtx = payload => payload.getAttribute('name').toLowerCase() === 'rtx'
const isOf = media => content => description(content).getAttribute('media') === media

/** Takes the children away for which test is true. */
const remove = (parent, test) => { parent.children = parent.children.filter(child => typeof child === 'string' || !test(child)) }

const group = jingle => jingle.getChild('group', GROUPING)

export function ungrouped(jingle) {
  remove(jingle, child => child === group(jingle))
  return jingle
}

export function reversed(jingle) {
  const backwards = contents(jingle).reverse()
  jingle.children = jingle.children.map(child => (contents(jingle).includes(child) ? backwards.shift() : child))
  return jingle
}

/** Calls the contents by their media. */
export function ownNames(jingle) {
  const names = new Map(contents(jingle).map(c => [c.getAttribute('name'), description(c).getAttribute('media')]))
  for (const named of [...contents(jingle), ...(group(jingle)?.getChildren('content') ?? [])]) {
    named.setAttribute('name', names.get(named.getAttribute('name')))
  }
  return jingle
}

/** Only contents of this media. */
export const only = media => jingle => {
  const names = new Set(contents(jingle).filter(c => !isOf(media)(c)).map(c => c.getAttribute('name')))
  for (const parent of [jingle, group(jingle)]) remove(parent, child => names.has(child.getAttribute('name')))
  return jingle
}

/** Gives each content's payload types the numbers that change makes of the list of theirs, and of its media; rtx follows. */
const renumber = change => jingle => {
  for (const content of contents(jingle)) {
    const before = payloads(content).map(p => p.getAttribute('id'))
    const after = change(before, description(content).getAttribute('media'))
    const now = id => after[before.indexOf(id)]
    for (const payload of payloads(content)) {
      payload.setAttribute('id', now(payload.getAttribute('id')))
      for (const p of payload.getChildren('parameter')) if (p.getAttribute('name') === 'apt') p.setAttribute('value', now(p.getAttribute('value')))
    }
  }
  return jingle
}

/** The numbers of each other: what was VP8 is H264. */
export const swappedNumbers = renumber(ids => [...ids.slice(1), ids[0]])

/** Numbers that no browser offers. */
export const newNumbers = renumber(ids => ids.map((_, i) => String(i + 1)))

/** Numbers that no browser offers, of those that are free to choose: none twice in a bundle. */
export const ownNumbers = renumber((ids, media) => ids.map((_, i) => String((media === 'audio' ? 50 : 56) + i)))

export function withoutRtx(jingle) {
  for (const content of contents(jingle)) remove(description(content), child => payloads(content).includes(child) && isRtx(child))
  return jingle
}

/** The first codec of each content, as Dino answers. */
export function oneCodec(jingle) {
  for (const content of contents(jingle)) {
    const [, ...others] = payloads(content)
    remove(description(content), child => others.includes(child))
  }
  return jingle
}


/** Before all others a codec that nobody has. */
export function unknownFirst(jingle) {
  for (const content of contents(jingle)) {
    const unknown = new content.constructor('payload-type', { id: '77', name: 'x-unknown', clockrate: '90000' })
    description(content).children.unshift(unknown)
  }
  return jingle
}

/** Codecs of this media that nobody has. */
export const unknownOnly = media => jingle => {
  for (const content of contents(jingle).filter(isOf(media))) for (const p of payloads(content)) p.setAttribute('name', `x-${p.getAttribute('name')}`)
  return jingle
}

/** Header extensions under other numbers, and one that was not offered. */
export function otherExtensions(jingle) {
  for (const content of contents(jingle)) {
    const [first] = extensions(content)
    if (!first) continue
    for (const x of extensions(content)) x.setAttribute('id', String(15 - x.getAttribute('id')))
    description(content).appendChild(new first.constructor('rtp-hdrext', { xmlns: HDREXT, id: '9', uri: 'urn:example:not-offered' }))
  }
  return jingle
}

/** This DTLS role in every content; none at all without one. */
export const setup = role => jingle => {
  for (const content of contents(jingle)) transport(content).getChild('fingerprint', DTLS).setAttribute('setup', role)
  return jingle
}

/** These senders in every content of this media. */
export const senders = (media, who) => jingle => {
  for (const content of contents(jingle).filter(isOf(media))) content.setAttribute('senders', who)
  return jingle
}

/** ICE and DTLS only in the first content of a bundle. */
export function oneTransport(jingle) {
  for (const content of contents(jingle).slice(1)) {
    const t = transport(content)
    t.children = []
    for (const name of ['ufrag', 'pwd']) delete t.attributes[name]
  }
  return jingle
}

/** Without the promise to put RTCP beside RTP. */
export function withoutMux(jingle) {
  for (const content of contents(jingle)) remove(description(content), child => child.getName() === 'rtcp-mux')
  return jingle
}
