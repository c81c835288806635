// Rooms in the plain protocol, and pages of every kind that meet in one.

import assert from 'node:assert/strict'
import { BravePage } from './harness/bravepage.js'
import { CODELAB, CodelabPage } from './harness/codelabpage.js'
import { JSONClient } from './harness/jsonclient.js'
import { JSONPage } from './harness/jsonpage.js'
import { flows, paired } from './harness/media.js'
import { allConnected } from './harness/roompage.js'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'

const stage = Stage.forFile({ bridge: { limits: { room_members: 3 } }, tutorial: { codelab_files: CODELAB } })

const client = async (name, options) => stage.enter(await JSONClient.open(stage.bridge.websocket, name, options))

const OFFER = { type: 'offer', sdp: 'v=0' } // what is in it is between the two pages
const ANSWER = { type: 'answer', sdp: 'v=0' }
const CANDIDATE = { candidate: 'candidate:1 1 udp 1 127.0.0.1 1001 typ host', sdpMid: '0', sdpMLineIndex: 0 }

/** Clients who have come to a new room one after the other, and read of it. */
async function gathering(...names) {
  const room = stage.newRoom(), here = []
  for (const name of names) {
    const newcomer = await client(name)
    await newcomer.join(room)
    for (const member of here) await member.hears({ type: 'joined', room, name })
    here.push(newcomer)
  }
  return [room, ...here]
}

/** A call between two members, answered. */
async function talk(room, caller, callee, call) {
  caller.send({ type: 'offer', offer: OFFER, name: callee.name, room, call })
  const { call: theirs } = await callee.hearsLike({ type: 'offer', offer: OFFER, name: caller.name, room })
  callee.send({ type: 'answer', answer: ANSWER, name: caller.name, call: theirs })
  await caller.hearsLike({ type: 'answer', answer: ANSWER, name: callee.name, call })
  caller.send({ type: 'candidate', candidate: CANDIDATE, name: callee.name, call })
  await callee.hearsLike({ type: 'candidate', candidate: CANDIDATE, name: caller.name, call: theirs })
  return theirs
}

// ---- who is there

stage.test('join, joined, left', async () => {
  const room = stage.newRoom()
  const juliet = await client('juliet'), rosaline = await client('rosaline')
  juliet.send({ type: 'join', room, title: 'Juliet C.', id: 7 })
  assert.deepEqual((await juliet.hearsLike({ type: 'join', room, self: 'juliet', max: 3, id: 7 })).members, [])
  const { members } = await rosaline.join(room)
  assert.deepEqual(members, [{ name: 'juliet', title: 'Juliet C.' }])
  await juliet.hears({ type: 'joined', room, name: 'rosaline' })
  rosaline.send({ type: 'leave', room, id: 'bye' })
  await rosaline.hearsLike({ type: 'ok', id: 'bye' })
  await juliet.hearsLike({ type: 'left', room, name: 'rosaline' })
  await Promise.all([juliet.hearsNoMore(), rosaline.hearsNoMore()])
})

stage.test('coming again changes nothing, and nobody else hears of it', async () => {
  const [room, juliet, rosaline] = await gathering('juliet', 'rosaline')
  for (let i = 0; i < 3; i++) assert.equal((await juliet.join(room)).members.length, 1)
  await rosaline.hearsNoMore()
  await talk(room, rosaline, juliet, 'c1')
  await juliet.join(room)
  await rosaline.hearsNoMore()
})

stage.test('a room is full at its limit, and at the least that a member can stand', async () => {
  const [room] = await gathering('juliet', 'rosaline', 'rosalind')
  const viola = await client('viola')
  viola.send({ type: 'join', room, id: 1 })
  await viola.hearsLike({ type: 'error', code: 'room-full', room, id: 1 })
  const small = stage.newRoom(), [olivia, maria] = [await client('olivia'), await client('maria')]
  assert.equal((await olivia.join(small, { max: 2 })).max, 2)
  assert.equal((await maria.join(small)).max, 2)
  viola.send({ type: 'join', room: small, id: 2 })
  await viola.hearsLike({ type: 'error', code: 'room-full', room: small, id: 2 })
  maria.send({ type: 'leave', room: small })
  await olivia.hearsLike({ type: 'joined', name: 'maria' })
  await olivia.hearsLike({ type: 'left', name: 'maria' })
  await viola.join(small)
})

stage.test('who comes back after leaving, and after another name', async () => {
  const [room, juliet, rosaline] = await gathering('juliet', 'rosaline')
  rosaline.send({ type: 'leave', room })
  await juliet.hearsLike({ type: 'left', name: 'rosaline' })
  await rosaline.join(room)
  await juliet.hears({ type: 'joined', room, name: 'rosaline' })
  rosaline.send({ type: 'login', name: 'rosalind', v: 1 })
  await rosaline.inbox.find('a login', message => message.type === 'login' && message.success)
  await juliet.hearsLike({ type: 'left', room, name: 'rosaline' })
})

stage.test('a room is a name, and a name is no room', async () => {
  const [room, juliet] = await gathering('juliet')
  juliet.send({ type: 'join', room: 'rosaline', id: 1 })
  await juliet.hearsLike({ type: 'join', room: 'rosaline' })
  const thief = await client('thief')
  thief.send({ type: 'login', name: room, v: 1 })
  await thief.hearsLike({ type: 'login', success: false, code: 'name-taken' })
  thief.send({ type: 'join', room: 'juliet' })
  await thief.hearsLike({ type: 'error', code: 'name-taken', room: 'juliet' })
})

stage.test('what is no room, and who may not come', async () => {
  const juliet = await client('juliet')
  for (const room of ['', ' ', 7, null, {}, 'x'.repeat(2000), 'a/b/c', '@']) {
    juliet.send({ type: 'join', room })
    await juliet.hearsLike({ type: 'error' })
  }
  juliet.send({ type: 'leave', room: stage.newRoom(), id: 3 })
  await juliet.inbox.find('an answer', message => message.id === 3)
  await juliet.join(stage.newRoom())
})

// ---- calls and words

stage.test('a call between members is an ordinary call', async () => {
  const [room, juliet, rosaline] = await gathering('juliet', 'rosaline')
  const call = await talk(room, rosaline, juliet, 'c1')
  juliet.send({ type: 'leave', name: 'rosaline', call })
  await rosaline.hearsLike({ type: 'leave', name: 'juliet', call: 'c1', reason: 'hangup' })
  await talk(room, juliet, rosaline, 'c2')
})

for (const [how, go] of Object.entries({
  leaves: (member, room) => member.send({ type: 'leave', room }),
  'closes its connection': member => member.close(),
  vanishes: member => member.vanish(),
})) {
  stage.test(`a member ${how} in a call`, async () => {
    const [room, juliet, rosaline] = await gathering('juliet', 'rosaline')
    await talk(room, rosaline, juliet, 'c1')
    go(juliet, room)
    await rosaline.hearsLike({ type: 'leave', name: 'juliet', call: 'c1' })
    await rosaline.hearsLike({ type: 'left', room, name: 'juliet' })
    await rosaline.hearsNoMore()
    const viola = await client('viola')
    await viola.join(room)
    await rosaline.hears({ type: 'joined', room, name: 'viola' })
    await talk(room, viola, rosaline, 'c2')
  })
}

stage.test('three members: each calls each, and each hears what the others say', async () => {
  const [room, juliet, rosaline, viola] = await gathering('juliet', 'rosaline', 'viola')
  await talk(room, rosaline, juliet, 'rj')
  await talk(room, viola, juliet, 'vj')
  await talk(room, viola, rosaline, 'vr')
  viola.send({ type: 'message', room, data: { any: ['thing', 1.50, null] } })
  for (const member of [juliet, rosaline]) await member.hears({ type: 'message', room, name: 'viola', data: { any: ['thing', 1.5, null] } })
  rosaline.send({ type: 'leave', room })
  for (const member of [juliet, viola]) {
    await member.hearsLike({ type: 'leave', name: 'rosaline' })
    await member.hearsLike({ type: 'left', room, name: 'rosaline' })
  }
  await viola.hearsNoMore()
})

stage.test('nobody speaks into a room, or to a member of one, from without', async () => {
  const [room, juliet] = await gathering('juliet')
  const thief = await client('thief')
  thief.send({ type: 'message', room, data: 'boo', id: 1 })
  await thief.hearsLike({ type: 'error', id: 1 })
  thief.send({ type: 'offer', offer: OFFER, name: 'juliet', room, call: 'c1', id: 2 })
  await thief.hearsLike({ type: 'error', id: 2 })
  await juliet.hearsNoMore()
})

stage.test('who offers to newcomers is offered nothing', async () => {
  const room = stage.newRoom()
  const juliet = await client('juliet'), rosaline = await client('rosaline')
  await juliet.join(room, { offers: true })
  assert.deepEqual((await rosaline.join(room)).members, [{ name: 'juliet', offers: true }])
  await juliet.hears({ type: 'joined', room, name: 'rosaline' })
  rosaline.send({ type: 'offer', offer: OFFER, name: 'juliet', room, call: 'c1', id: 1 })
  await rosaline.hearsLike({ type: 'error', code: 'unsupported', id: 1 })
  await talk(room, juliet, rosaline, 'c2')
})

stage.test('old clients come to rooms, too', async () => {
  const room = stage.newRoom()
  const juliet = await client('juliet', { old: true }), rosaline = await client('rosaline')
  assert.deepEqual((await juliet.join(room)).members, [])
  assert.deepEqual((await rosaline.join(room)).members, [{ name: 'juliet' }])
  await juliet.hears({ type: 'joined', room, name: 'rosaline' })
  rosaline.send({ type: 'offer', offer: OFFER, name: 'juliet', room, call: 'c1' })
  await juliet.hearsLike({ type: 'offer', offer: OFFER, name: 'rosaline' })
  juliet.send({ type: 'answer', answer: ANSWER, name: 'rosaline' })
  await rosaline.hearsLike({ type: 'answer', answer: ANSWER, name: 'juliet', call: 'c1' })
  rosaline.send({ type: 'leave', room })
  await juliet.hearsLike({ type: 'leave' })
  await juliet.hearsLike({ type: 'left', room, name: 'rosaline' })
})

// ---- pages of every kind

const OPEN = {
  'step 5': (name, room) => CodelabPage.enter(stage, '05', room, name),
  Brave: (name, room) => BravePage.enter(stage, name, room),
  JSON: (name, room) => JSONPage.enter(stage, `${name}-${room.split('@')[0]}`, room),
}
const open = (kind, room, name) => OPEN[kind](name, room)

const HERE = { 'step 5': 'Created', Brave: 'In the room', JSON: 'Joined as' }

for (const first of Object.keys(OPEN)) {
  for (const second of Object.keys(OPEN)) {
    stage.faultless(`pages: ${second} comes to ${first}`, async () => {
      const room = stage.newRoom()
      const juliet = await open(first, room, 'juliet')
      await juliet.said(HERE[first])
      const rosaline = await open(second, room, 'rosaline')
      await allConnected(juliet, rosaline)
      await paired(juliet, rosaline)
      await flows([juliet, rosaline], ['video'])
    })
  }
}

stage.test('pages: three of plain JSON, each connected with each; one leaves, and another comes', async () => {
  const room = stage.newRoom(), names = ['juliet', 'rosaline', 'viola'], pages = []
  for (const name of names) pages.push(await open('JSON', room, name))
  await Promise.all(pages.map(page => page.mesh(2)))
  await pages[0].leave()
  await Promise.all(pages.slice(1).map(page => page.said('Left: juliet')))
  await Promise.all(pages.slice(1).map(page => page.mesh(1)))
  const olivia = await open('JSON', room, 'olivia')
  await Promise.all([olivia, ...pages.slice(1)].map(page => page.mesh(2)))
})

stage.test('pages: one of plain JSON calls an XMPP user by the name of its room', async () => {
  const romeo = await stage.reachable('romeo')
  const juliet = await open('JSON', `romeo@${DOMAIN}`, 'juliet')
  await romeo.answer()
  await flows([juliet, romeo], ['audio', 'video'])
  await paired(juliet, romeo)
  await romeo.hangUp()
  await juliet.said(`Left: romeo@${DOMAIN}`)
})

stage.test('pages: an XMPP user calls the room where one of plain JSON waits', async () => {
  const romeo = await stage.xmppUser('romeo'), room = stage.newRoom()
  const juliet = await open('JSON', room, 'juliet')
  await romeo.add(`${room}@${COMPONENT}`)
  await romeo.sees(`${room}@${COMPONENT}`, 'audio video')
  await romeo.call(`${room}@${COMPONENT}`, true)
  await flows([juliet, romeo], ['audio', 'video'])
  await paired(juliet, romeo)
  await juliet.leave()
  await romeo.ended('success')
  await romeo.sees(`${room}@${COMPONENT}`)
})
