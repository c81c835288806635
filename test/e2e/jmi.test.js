// A scripted client with XEP-0353, as Conversations is one, against the bridge over a real server. What the bridge
// writes is held to the rules of XEP-0353 0.8.0 and to what Conversations checks.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { JINGLE, JMI, child } from './harness/jmiclient.js'
import { until } from './harness/wait.js'

const stage = Stage.forFile()
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const bare = jid => jid.split('/')[0]

/** Asserts what every XEP-0353 message of the bridge must be. */
function proper(message, { to, from }) {
  assert.equal(message.attrs.type, 'chat')
  assert.ok(message.attrs.id, 'no id')
  assert.equal(message.attrs.to, to)
  assert.match(message.attrs.from, from)
  assert.ok(child(message, 'store', 'urn:xmpp:hints'), 'no store hint')
}

const OURS = new RegExp(`^juliet@${COMPONENT.replaceAll('.', '\\.')}/.+$`)

async function pair() {
  return Promise.all([stage.callPage('juliet'), stage.jmiClient('romeo')])
}

/** Waits until the page was heard to propose, and answers the sid and the page's full JID. */
async function proposed(romeo, media = ['audio']) {
  const message = await romeo.message('propose')
  proper(message, { to: romeo.address, from: OURS })
  const propose = child(message, 'propose', JMI)
  assert.match(propose.attrs.id, UUID4)
  assert.equal(message.attrs.id, `jm-propose-${propose.attrs.id}`)
  assert.deepEqual(propose.children.map(c => c.attrs.media), media)
  assert.ok(child(message, 'request', 'urn:xmpp:receipts'), 'no receipt wanted')
  return { sid: propose.attrs.id, from: message.attrs.from }
}

/** Every IQ of ours was answered once, by the JID that we asked; and the far side did nothing that Conversations refuses. */
async function clean(...clients) {
  for (const client of clients) {
    const asked = client.stanzas('out').filter(s => s.name === 'iq' && ['get', 'set'].includes(s.attrs.type) && s.attrs.to?.includes(COMPONENT))
    const answers = id => client.stanzas('in').filter(s => s.name === 'iq' && s.attrs.id === id && ['result', 'error'].includes(s.attrs.type))
    await until('an answer to every IQ', () => asked.every(s => answers(s.attrs.id).length > 0))
    for (const s of asked) {
      assert.deepEqual(answers(s.attrs.id).map(a => a.attrs.from), [s.attrs.to], `answers to ${JSON.stringify(s)}`)
    }
    assert.deepEqual(client.faults, [])
  }
}

/** One content and one candidate in each transport-info, with everything in it that clients demand. */
function trickles(client, sid) {
  const infos = client.stanzas('in').map(s => child(s, 'jingle', JINGLE)).filter(j => j?.attrs.action === 'transport-info' && j.attrs.sid === sid)
  for (const { children } of infos) {
    assert.equal(children.length, 1, 'contents in a transport-info')
    const transport = child(children[0], 'transport')
    assert.ok(transport.attrs.ufrag && transport.attrs.pwd, 'no ufrag or no pwd')
    assert.equal(transport.children.length, 1, 'candidates in a transport-info')
    const { attrs } = transport.children[0]
    for (const key of ['component', 'foundation', 'generation', 'id', 'ip', 'network', 'port', 'priority', 'protocol', 'type']) {
      assert.ok(attrs[key], `candidate without ${key}: ${JSON.stringify(attrs)}`)
    }
    assert.equal(attrs.protocol, 'udp')
    assert.equal(attrs.component, '1')
    assert.match(attrs.ip, /^[0-9a-f.:]+$/i)
  }
}

stage.test('a page calls: propose, ringing, proceed, session, hang-up', async () => {
  const [juliet, romeo] = await pair()
  await juliet.call(romeo.address)
  const { sid, from } = await proposed(romeo)
  await juliet.is('ringing')
  romeo.do('proceed', { sid })
  const initiate = await romeo.jingle('session-initiate', sid)
  assert.equal(initiate.attrs.from, from)
  assert.equal(initiate.attrs.to, romeo.jid)
  await romeo.jingle('session-accept', sid, { direction: 'out' })
  await juliet.is('connecting')
  await romeo.jingle('transport-info', sid)
  await juliet.hangUp()
  const terminate = await romeo.jingle('session-terminate', sid)
  assert.deepEqual(child(child(terminate, 'jingle'), 'reason').children.map(c => c.name), ['success'])
  const finish = await romeo.message('finish', sid)
  proper(finish, { to: romeo.jid, from: OURS })
  trickles(romeo, sid)
  await clean(romeo)
})

stage.test('a page calls with video: the session has the media that were proposed', async () => {
  const [juliet, romeo] = await pair()
  await juliet.call(romeo.address, true)
  const { sid } = await proposed(romeo, ['audio', 'video'])
  romeo.do('proceed', { sid })
  const initiate = await romeo.jingle('session-initiate', sid)
  const media = child(initiate, 'jingle').children.filter(c => c.name === 'content').map(c => child(c, 'description').attrs.media)
  assert.deepEqual(media, ['audio', 'video'])
  romeo.do('terminate', { sid, reason: 'success' })
  await juliet.is('ended')
})

stage.test('a page calls: reject', async () => {
  const [juliet, romeo] = await pair()
  await juliet.call(romeo.address)
  const { sid } = await proposed(romeo)
  romeo.do('reject', { sid })
  await juliet.ended('decline')
  await clean(romeo)
})

stage.test('a page calls: busy', async () => {
  const [juliet, romeo] = await pair()
  await juliet.call(romeo.address)
  const { sid } = await proposed(romeo)
  romeo.do('busy', { sid })
  await juliet.ended('busy')
})

stage.test('a page calls and gives up while it rings: retract', async () => {
  const [juliet, romeo] = await pair()
  await juliet.call(romeo.address)
  const { sid } = await proposed(romeo)
  await juliet.is('ringing')
  await juliet.hangUp()
  proper(await romeo.message('retract', sid), { to: romeo.address, from: OURS })
  await clean(romeo)
})

stage.test('a page calls two devices: the first takes it, a late second one is told', async () => {
  const [juliet, phone, tablet] = await Promise.all([stage.callPage('juliet'), stage.jmiClient('romeo', 'phone'), stage.jmiClient('romeo', 'tablet')])
  await juliet.call(phone.address)
  const { sid } = await proposed(phone)
  await tablet.message('propose', sid)
  phone.do('proceed', { sid })
  await phone.jingle('session-initiate', sid)
  tablet.do('proceed', { sid })
  proper(await tablet.message('retract', sid), { to: tablet.jid, from: OURS })
  await juliet.is('connecting')
  await clean(phone, tablet)
})

stage.test('a page calls two devices: a no of one is a no', async () => {
  const [juliet, phone, tablet] = await Promise.all([stage.callPage('juliet'), stage.jmiClient('romeo', 'phone'), stage.jmiClient('romeo', 'tablet')])
  await juliet.call(phone.address)
  const { sid } = await proposed(phone)
  await tablet.message('propose', sid)
  tablet.do('reject', { sid })
  await juliet.ended('decline') // the phone learns it from its own server's carbons
})

stage.test('an XMPP user calls: propose, ringing with receipt, proceed, session, hang-up', async () => {
  const [juliet, romeo] = await pair()
  const sid = randomUUID()
  romeo.do('propose', { to: `juliet@${COMPONENT}`, sid, media: ['audio'] })
  await juliet.is('incoming')
  proper(await romeo.message('ringing', sid), { to: romeo.jid, from: OURS })
  await romeo.event('receipt', e => e.event === 'in' && child(e.stanza, 'received', 'urn:xmpp:receipts')?.attrs.id === `jm-propose-${sid}`)
  await juliet.answer()
  const proceed = await romeo.message('proceed', sid)
  proper(proceed, { to: romeo.jid, from: OURS })
  const accept = await romeo.jingle('session-accept', sid)
  assert.equal(accept.attrs.from, proceed.attrs.from)
  await juliet.is('connecting')
  romeo.do('terminate', { sid, reason: 'success' })
  await juliet.ended('hangup')
  trickles(romeo, sid)
  await clean(romeo)
})

stage.test('an XMPP user calls: the page declines', async () => {
  const [juliet, romeo] = await pair()
  const sid = randomUUID()
  romeo.do('propose', { to: `juliet@${COMPONENT}`, sid, media: ['audio', 'video'] })
  await juliet.decline()
  const reject = await romeo.message('reject', sid)
  proper(reject, { to: romeo.jid, from: OURS })
  assert.deepEqual(child(child(reject, 'reject'), 'reason')?.children.map(c => c.name) ?? ['decline'], ['decline'])
  await clean(romeo)
})

stage.test('an XMPP user calls and retracts', async () => {
  const [juliet, romeo] = await pair()
  const sid = randomUUID()
  romeo.do('propose', { to: `juliet@${COMPONENT}`, sid, media: ['audio'] })
  await juliet.is('incoming')
  romeo.do('retract', { sid })
  await juliet.ended('cancel')
  await clean(romeo)
})

stage.test('an XMPP user calls a name that nobody has: an error without the proposal in it, then a reject', async () => {
  const romeo = await stage.jmiClient('romeo')
  const sid = randomUUID()
  romeo.do('propose', { to: `nobody@${COMPONENT}`, sid, media: ['audio'] })
  const { stanza } = await romeo.event('error', e => e.event === 'in' && e.stanza.attrs.type === 'error' && e.stanza.attrs.id === `jm-propose-${sid}`)
  assert.equal(stanza.attrs.from, `nobody@${COMPONENT}`)
  assert.equal(child(stanza, 'propose'), undefined, 'the error repeats the proposal')
  assert.match(child(stanza, 'error').children[0].name, /^(service-unavailable|item-not-found)$/)
  const reject = await romeo.message('reject', sid)
  assert.equal(reject.attrs.to, romeo.jid)
  const order = romeo.stanzas().filter(s => s === stanza || s === reject)
  assert.equal(order[0], stanza, 'the reject came before the error')
})

stage.test('an XMPP user calls somebody who closes the page', async () => {
  const [juliet, romeo] = await pair()
  const sid = randomUUID()
  romeo.do('propose', { to: `juliet@${COMPONENT}`, sid, media: ['audio'] })
  await juliet.is('incoming')
  await juliet.context.close()
  await romeo.message('reject', sid)
})

stage.test('both call each other at once: one call comes of it', async () => {
  const [juliet, romeo] = await pair()
  await juliet.call(romeo.address)
  const { sid } = await proposed(romeo)
  // The lower id wins (XEP-0353 §3.4); a nil UUID is lower than any.
  const mine = '00000000-0000-4000-8000-000000000000'
  romeo.do('propose', { to: `juliet@${COMPONENT}`, sid: mine, media: ['audio'] })
  await romeo.message('proceed', mine)
  await romeo.message('retract', sid)
  await romeo.jingle('session-accept', mine)
  await juliet.is('connecting')
  assert.equal(bare(romeo.jid), `romeo@${DOMAIN}`)
})
