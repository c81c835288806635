// Socket.IO's own clients, of two generations and over every transport, without a browser: what they hear, in which order.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { runInNewContext } from 'node:vm'
import { WebSocket } from 'ws'
import { CODELAB } from './harness/codelabpage.js'
import { JSONClient } from './harness/jsonclient.js'
import { SocketClient, TRANSPORTS, VERSIONS } from './harness/socketclient.js'
import { DOMAIN, Stage } from './harness/stage.js'
import { until, within } from './harness/wait.js'

const stage = Stage.forFile({ browser: false, tutorial: { codelab_files: CODELAB } })

const client = async (kind, name, options) =>
  stage.enter(await SocketClient.open(stage.bridge.listener(kind), { name, ...options }))
const codelab = (name, options) => client('codelab', name, options)
const brave = (name, options) => client('brave', name, options)

const SDP = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`,
  'a=setup:actpass', 'a=mid:0', 'a=sendrecv', 'a=rtcp-mux', 'a=rtpmap:111 opus/48000/2', ''].join('\r\n')
const OFFER = { type: 'offer', sdp: SDP }
const ANSWER = { type: 'answer', sdp: SDP.replace('actpass', 'active') }
const line = port => `candidate:1 1 udp 2122260223 127.0.0.1 ${port} typ host generation 0 ufrag abcd`
const labelled = port => ({ type: 'candidate', label: 0, id: '0', candidate: line(port) })
const plain = port => ({ candidate: line(port), sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'abcd' })

/** The first two in a new room, as the codelab's server greets them. */
async function couple(one, other) {
  const room = stage.newRoom()
  const juliet = await codelab('juliet', one)
  juliet.emit('create or join', room)
  await juliet.hears('created', room, juliet.id)
  const rosaline = await codelab('rosaline', other)
  rosaline.emit('create or join', room)
  await rosaline.hearsAll([['joined', room, rosaline.id], ['ready', room]])
  await juliet.hearsAll([['join', room], ['ready', room]])
  return [juliet, rosaline, room]
}

/** Offer, answer and candidates, as the codelab's pages send them. */
async function call(caller, callee) {
  callee.emit('message', 'got user media')
  await caller.hears('message', 'got user media')
  caller.emit('message', OFFER)
  caller.emit('message', labelled(1001))
  await callee.hearsAll([['message', OFFER], ['message', labelled(1001)]])
  callee.emit('message', ANSWER)
  callee.emit('message', labelled(2001))
  await caller.hearsAll([['message', ANSWER], ['message', labelled(2001)]])
}

/** Asserts that neither has anything to read but the other's next word. */
async function fence(one, other) {
  one.emit('message', { fence: one.name })
  other.emit('message', { fence: other.name })
  await one.hears('message', { fence: other.name })
  await other.hears('message', { fence: one.name })
}

for (const version of VERSIONS) {
  for (const transport of Object.keys(TRANSPORTS)) {
    const mine = { version, transport }

    stage.test(`codelab, client ${version}, ${transport}: a call, and its end`, async () => {
      const [juliet, rosaline, room] = await couple(mine, mine)
      await call(juliet, rosaline)
      await fence(juliet, rosaline)
      rosaline.emit('message', 'bye')
      await juliet.hears('message', 'bye')
      await fence(juliet, rosaline)
      rosaline.close()
      await juliet.hearsAll([['bye'], ['created', room, juliet.id]])
      juliet.hearsNoMore()
    })

    stage.test(`codelab, client ${version}, ${transport}: a third hears that the room is full, and nothing else`, async () => {
      const [juliet, rosaline, room] = await couple(mine, mine)
      const rosalind = await codelab('rosalind', mine)
      rosalind.emit('create or join', room)
      await rosalind.hears('full', room)
      rosalind.emit('message', 'got user media')
      await call(juliet, rosaline)
      rosalind.emit('create or join', room)
      await rosalind.hears('full', room)
      rosalind.hearsNoMore()
      rosalind.close()
      await fence(juliet, rosaline)
    })

    stage.test(`Brave, client ${version}, ${transport}: a call, and its end`, async () => {
      const room = stage.newRoom()
      const juliet = await brave('juliet', mine)
      juliet.emit('join', { room, name: 'Juliet' })
      await juliet.hears('room_users', [])
      juliet.emit('offer', OFFER) // there is nobody to hear it
      juliet.emit('join', { room, name: 'Juliet' })
      await juliet.hears('room_users', [])
      const rosaline = await brave('rosaline', mine)
      rosaline.emit('join', { room, name: 'Rosaline' })
      const [, [{ id: her, ...more }]] = await rosaline.inbox.find('who is there', ([event]) => event === 'room_users')
      assert.deepEqual(more, { name: 'Juliet' })
      assert.notEqual(her, juliet.id, 'with old clients that is the key of the session')
      rosaline.emit('offer', OFFER)
      rosaline.emit('candidate', plain(2001))
      await juliet.hearsAll([['getOffer', OFFER], ['getCandidate', plain(2001)]])
      juliet.emit('answer', ANSWER)
      juliet.emit('candidate', plain(1001))
      await rosaline.hearsAll([['getAnswer', ANSWER], ['getCandidate', plain(1001)]])

      const rosalind = await brave('rosalind', mine)
      rosalind.emit('join', { room, name: 'Rosalind' })
      await rosalind.hears('room_full', { room })
      rosalind.emit('offer', OFFER)
      rosalind.close()

      juliet.close()
      await rosaline.hears('user_exit', { id: her })
      rosaline.hearsNoMore()
    })
  }

  stage.test(`codelab, client ${version}: the connection breaks`, async () => {
    const mine = { version, transport: 'websocket' }
    const [juliet, rosaline, room] = await couple(mine, mine)
    await call(juliet, rosaline)
    juliet.vanish()
    await rosaline.hearsAll([['message', 'bye'], ['bye'], ['created', room, rosaline.id]])
    const newcomer = await codelab('newcomer', mine)
    newcomer.emit('create or join', room)
    await newcomer.hearsAll([['joined', room, newcomer.id], ['ready', room]])
    await rosaline.hearsAll([['join', room], ['ready', room]])
    await call(rosaline, newcomer)
  })

  stage.test(`codelab, client ${version}: leaves while its offer waits`, async () => {
    const mine = { version }
    const [juliet, rosaline, room] = await couple(mine, mine)
    juliet.emit('message', OFFER) // held: the other has no camera yet
    juliet.emit('message', labelled(1001))
    juliet.emit('message', { fence: 1 })
    await rosaline.hears('message', { fence: 1 })
    juliet.close()
    await rosaline.hearsAll([['bye'], ['created', room, rosaline.id]])
    rosaline.hearsNoMore()
  })

  stage.test(`codelab, client ${version}: comes back after the server has lost it`, async () => {
    const room = stage.newRoom()
    const juliet = await codelab('juliet', { version, reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 20 })
    juliet.socket.on('connect', () => juliet.emit('create or join', room))
    juliet.emit('create or join', room)
    await juliet.hears('created', room, juliet.id)
    const before = juliet.id
    juliet.vanish()
    await until('another id', () => juliet.socket.connected && juliet.id !== before)
    juliet.inbox.ended = ''
    await juliet.hears('created', room, juliet.id)
  })
}

for (const [old, young] of [['polling', 'websocket'], ['websocket', 'polling'], ['upgrade', 'upgrade']]) {
  stage.test(`codelab: client 2 by ${old} and client 4 by ${young} in one room`, async () => {
    const [juliet, rosaline] = await couple({ version: 2, transport: old }, { version: 4, transport: young })
    await call(juliet, rosaline)
    await fence(juliet, rosaline)
  })
}

stage.test('codelab and Brave in one room, both ways', async () => {
  for (const first of ['codelab', 'brave']) {
    const room = stage.newRoom()
    const juliet = await codelab('juliet', { version: 2 }), rosaline = await brave('rosaline')
    if (first === 'codelab') {
      juliet.emit('create or join', room)
      await juliet.hears('created', room, juliet.id)
      rosaline.emit('join', { room, name: 'Rosaline' })
      assert.equal((await rosaline.inbox.next())[1].length, 1)
      await juliet.hearsAll([['join', room], ['ready', room]])
    } else {
      rosaline.emit('join', { room, name: 'Rosaline' })
      await rosaline.hears('room_users', [])
      juliet.emit('create or join', room)
      await juliet.hearsAll([['created', room, juliet.id], ['join', room], ['ready', room]])
    }
    // The codelab's creator insists on offering, and starts when the other has its camera.
    await juliet.hears('message', 'got user media')
    juliet.emit('message', OFFER)
    juliet.emit('message', labelled(1001))
    await rosaline.hears('getOffer', OFFER)
    assert.equal((await rosaline.inbox.next())[1].candidate, line(1001))
    rosaline.emit('answer', ANSWER)
    rosaline.emit('candidate', plain(2001))
    await juliet.hearsAll([['message', ANSWER], ['message', labelled(2001)]])
  }
})

stage.test('codelab: coming to the same room again is no second person', async () => {
  const room = stage.newRoom()
  const juliet = await codelab('juliet')
  for (let i = 0; i < 3; i++) {
    juliet.emit('create or join', room)
    await juliet.hears('created', room, juliet.id)
  }
  const rosaline = await codelab('rosaline')
  rosaline.emit('create or join', room)
  await rosaline.hearsAll([['joined', room, rosaline.id], ['ready', room]])
  await juliet.hearsAll([['join', room], ['ready', room]])
  await call(juliet, rosaline)
  await fence(juliet, rosaline)
})

stage.test('codelab: another room is left by going to the next', async () => {
  const [juliet, rosaline, room] = await couple()
  const next = stage.newRoom()
  rosaline.emit('create or join', next)
  await rosaline.hears('created', next, rosaline.id)
  await juliet.hearsAll([['bye'], ['created', room, juliet.id]])
})

stage.test('codelab: any JSON is relayed as it is', async () => {
  const [juliet, rosaline] = await couple({ version: 2, transport: 'polling' }, {})
  for (const data of ['💐 \u2028 "<>&', 0, 1e300, true, [], {}, [[{ b: 1, a: 2 }]], { type: 'unheard of', sdp: 7 }, { type: 'bye' }]) {
    juliet.emit('message', data)
    await rosaline.hears('message', data)
  }
})

stage.test('codelab: what the server says in words', async () => {
  const [juliet, rosaline, room] = await couple()
  for (const client of [juliet, rosaline]) {
    await client.logged(room)
    for (const said of client.said) assert.equal(said[0], 'Message from server:')
  }
  juliet.emit('unheard of')
  await juliet.logged('unknown event "unheard of"')
})

stage.test('codelab: the address of the server, to a page on the same machine', async () => {
  const wanted = Object.values(networkInterfaces()).flat().filter(i => i.family === 'IPv4' && !i.internal).map(i => i.address)
  const juliet = await codelab('juliet', { version: 2 })
  juliet.emit('ipaddr')
  juliet.emit('create or join', stage.newRoom())
  const told = []
  for (let event = await juliet.inbox.next(); event[0] === 'ipaddr'; event = await juliet.inbox.next()) told.push(event[1])
  assert.deepEqual(told.sort(), wanted.sort())
})

stage.test('rooms that are named as XMPP users who are not there', async () => {
  const room = `nobody@${DOMAIN}`
  const juliet = await codelab('juliet', { version: 2 })
  juliet.emit('create or join', room)
  await juliet.hearsAll([['created', room, juliet.id], ['join', room], ['ready', room], ['message', 'got user media']])
  juliet.emit('message', OFFER)
  await juliet.hears('message', 'bye')
  const rosaline = await brave('rosaline')
  rosaline.emit('join', { room, name: 'Rosaline' })
  const [event, users] = await rosaline.inbox.next()
  assert.equal(event, 'room_users')
  assert.deepEqual(users.map(user => user.id), [room])
  rosaline.emit('offer', OFFER)
  await rosaline.hears('user_exit', { id: room })
})

stage.test('names that are none, and events that are none', async () => {
  const juliet = await codelab('juliet', { version: 2 })
  for (const name of ['', ' ', 7, null, {}, [], 'x'.repeat(5000), 'a\u0000b', '@', 'a@b@c', '/']) juliet.emit('create or join', name)
  juliet.emit('create or join')
  for (const name of ['message', 'join', 'created', 'unheard of', '__proto__', 'toString']) juliet.emit(name, { a: 1 }, [2])
  const room = stage.newRoom()
  juliet.emit('create or join', room)
  await juliet.hears('created', room, juliet.id)
  const rosaline = await brave('rosaline')
  for (const data of ['x', null, {}, { room: 7 }, { room: '' }, { room, name: {} }, { room: 'x'.repeat(5000), name: 'y' }]) rosaline.emit('join', data)
  for (const name of ['offer', 'answer', 'candidate']) for (const data of [null, 7, 'x', {}]) rosaline.emit(name, data)
  const other = stage.newRoom()
  rosaline.emit('join', { room: other, name: 'Rosaline' })
  await rosaline.inbox.find('its room', ([event, users]) => event === 'room_users' && users.length === 0)
})

stage.test('what is too much for a message ends its sender alone', async () => {
  const [juliet, rosaline, room] = await couple({ version: 2 }, { version: 4 })
  juliet.emit('message', 'x'.repeat(1 << 20))
  await juliet.disconnected()
  await rosaline.hearsAll([['bye'], ['created', room, rosaline.id]])
})

stage.test('a client of the plain protocol and one of Socket.IO in one room', async () => {
  const room = stage.newRoom()
  const juliet = stage.enter(await JSONClient.open(stage.bridge.websocket, 'juliet'))
  await juliet.join(room)
  const rosaline = await codelab('rosaline')
  rosaline.emit('create or join', room)
  await rosaline.hearsAll([['created', room, rosaline.id], ['join', room], ['ready', room], ['message', 'got user media']])
  const { name } = await juliet.hearsLike({ type: 'joined', room })
  rosaline.emit('message', OFFER)
  const offer = await juliet.hearsLike({ type: 'offer', name, room, offer: OFFER })
  juliet.send({ type: 'answer', answer: ANSWER, name, call: offer.call })
  await rosaline.hears('message', ANSWER)
  juliet.send({ type: 'message', room, data: { any: ['thing'] } })
  await rosaline.hears('message', { any: ['thing'] })
  rosaline.emit('message', 'hello')
  await juliet.hears({ type: 'message', room, name, data: 'hello' })
  const rosalind = stage.enter(await JSONClient.open(stage.bridge.websocket, 'rosalind'))
  rosalind.send({ type: 'join', room })
  await rosalind.hearsLike({ type: 'error', code: 'room-full', room })
  juliet.send({ type: 'leave', name, call: offer.call })
  await rosaline.hears('message', 'bye')
})

stage.test('the client script that pages load', async () => {
  for (const kind of ['codelab', 'brave']) {
    const src = `${stage.bridge.listener(kind)}socket.io/socket.io.js`
    const answer = await fetch(src)
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type'), /^(text|application)\/javascript/)
    const page = { document: { currentScript: { src } }, location: { href: 'http://elsewhere.test/' }, WebSocket, URL, setTimeout, clearTimeout }
    runInNewContext(await answer.text(), page)
    const socket = page.io.connect()
    stage.later(() => socket.close())
    await within(8_000, `${kind}: connecting`, new Promise(resolve => socket.on('connect', resolve)))
    assert.match(socket.id, /./)
  }
})
