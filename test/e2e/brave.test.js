// The page of "WebRTC for the Brave": with itself, and with XMPP users.

import assert from 'node:assert/strict'
import { BravePage } from './harness/bravepage.js'
import { flows, paired } from './harness/media.js'
import { allConnected } from './harness/roompage.js'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { until } from './harness/wait.js'

const stage = Stage.forFile({ tutorial: {} })
const open = (...page) => BravePage.enter(stage, ...page)

const holdOffer = () => { RTCPeerConnection.prototype.createOffer = () => new Promise(() => {}) }
const holdAnswer = () => { RTCPeerConnection.prototype.createAnswer = () => new Promise(() => {}) }

async function couple(room = stage.newRoom(), scripts = {}) {
  const juliet = await open('juliet', room, scripts.first)
  await juliet.said('In the room: []')
  const rosaline = await open('rosaline', room, scripts.second)
  return [juliet, rosaline, room]
}

stage.faultless('two pages, unchanged', async () => {
  const [juliet, rosaline] = await couple('1234')
  await allConnected(juliet, rosaline)
  await flows([juliet, rosaline], juliet.media)
  await paired(juliet, rosaline)
})

stage.faultless('two pages that come at the same moment', async () => {
  const room = stage.newRoom()
  const pair = await Promise.all([open('juliet', room), open('rosaline', room)])
  await allConnected(...pair)
  await flows(pair, pair[0].media)
})

stage.faultless('two rooms do not hear of each other', async () => {
  const pairs = await Promise.all([couple(), couple()])
  for (const [juliet, rosaline] of pairs) {
    await allConnected(juliet, rosaline)
    await paired(juliet, rosaline)
    assert.equal(juliet.times('Got an offer'), 1)
    assert.equal(rosaline.times('Got an answer'), 1)
  }
})

stage.faultless('a third page is not let in, and disturbs nobody', async () => {
  const [juliet, rosaline, room] = await couple()
  await allConnected(juliet, rosaline)
  const rosalind = await open('rosalind', room)
  await rosalind.said('room_full')
  await flows([juliet, rosaline], juliet.media)
  assert.equal(juliet.times('Got an offer') + rosaline.times('Got an offer'), 1)
  await rosalind.closeTab()
  await flows([juliet, rosaline], juliet.media)
})

const WAYS = { 'closes its tab': page => page.closeTab(), vanishes: page => page.vanish() }

for (const [way, go] of Object.entries(WAYS)) {
  stage.faultless(`the second page ${way} before it offers; a new page finds the first`, async () => {
    const [juliet, rosaline, room] = await couple(undefined, { second: [holdOffer] })
    await rosaline.said('In the room')
    await go(rosaline)
    await juliet.said('user_exit')
    const newcomer = await open('newcomer', room)
    await allConnected(juliet, newcomer)
    await paired(juliet, newcomer)
  })

  stage.faultless(`the second page ${way} in the call; the first is loaded again, and a new page finds it`, async () => {
    const [juliet, rosaline, room] = await couple()
    await allConnected(juliet, rosaline)
    await go(rosaline)
    await juliet.said('user_exit')
    await juliet.again()
    const newcomer = await open('newcomer', room)
    await allConnected(juliet, newcomer)
    await paired(juliet, newcomer)
  })

  stage.faultless(`the first page ${way} before it answers; a new page finds the second`, async () => {
    const [juliet, rosaline, room] = await couple(undefined, { first: [holdAnswer] })
    await juliet.said('Got an offer')
    await go(juliet)
    await rosaline.said('user_exit')
    const newcomer = await open('newcomer', room)
    await allConnected(rosaline, newcomer)
    await paired(rosaline, newcomer)
  })
}

// ---- XMPP users

stage.faultless('a room that is an XMPP user\'s address calls him, and he hangs up', async () => {
  const romeo = await stage.reachable('romeo')
  const juliet = await open('juliet', `romeo@${DOMAIN}`)
  await juliet.said(`romeo@${DOMAIN}`)
  await romeo.answer()
  await Promise.all([flows([juliet], juliet.media), flows([romeo], ['audio', 'video'])])
  await paired(juliet, romeo)
  await romeo.hangUp()
  await juliet.said(`< 42["user_exit",{"id":"romeo@${DOMAIN}"}]`)
})

stage.faultless('the tab is closed in a call with an XMPP user', async () => {
  const romeo = await stage.reachable('romeo')
  const juliet = await open('juliet', `romeo@${DOMAIN}`)
  await romeo.answer()
  await flows([juliet], juliet.media)
  await juliet.vanish()
  await romeo.ended('gone')
})

stage.faultless('an XMPP user declines', async () => {
  const romeo = await stage.reachable('romeo')
  const juliet = await open('juliet', `romeo@${DOMAIN}`)
  await romeo.decline()
  await juliet.said('user_exit')
})

stage.faultless('an XMPP user calls the room where a page waits', async () => {
  const romeo = await stage.xmppUser('romeo'), room = stage.newRoom(), address = `${room}@${COMPONENT}`
  const juliet = await open('juliet', room)
  await romeo.add(address)
  await romeo.sees(address, 'audio video')
  await romeo.call(address, true)
  await Promise.all([flows([juliet], juliet.media), flows([romeo], ['audio', 'video'])])
  await paired(juliet, romeo)
  await juliet.vanish()
  await romeo.ended('gone')
  await romeo.sees(address)
})

stage.faultless('a second page comes while an XMPP user is in the call: nobody is disturbed', async () => {
  const romeo = await stage.xmppUser('romeo'), room = stage.newRoom(), address = `${room}@${COMPONENT}`
  const juliet = await open('juliet', room)
  await romeo.add(address)
  await romeo.sees(address, 'audio video')
  await romeo.call(address, true)
  await flows([juliet], juliet.media)
  const rosaline = await open('rosaline', room)
  await until('the second page to be told', () => rosaline.log.some(text => /room_full|room_users/.test(text)))
  await flows([juliet], juliet.media)
  await paired(juliet, romeo)
})
