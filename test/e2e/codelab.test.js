// The codelab's pages of steps 4 to 6, loaded from the bridge: with each other, and with XMPP users.

import assert from 'node:assert/strict'
import { CODELAB, CodelabPage } from './harness/codelabpage.js'
import { flows, paired } from './harness/media.js'
import { allConnected } from './harness/roompage.js'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'

const stage = Stage.forFile({ tutorial: { codelab_files: CODELAB } })
const open = (...page) => CodelabPage.enter(stage, ...page)
const create = (...page) => CodelabPage.create(stage, ...page)

// ---- two pages

stage.faultless('step 4: who is first, second and too late', async () => {
  const room = stage.newRoom()
  await create('04', room, 'juliet')
  const rosaline = await open('04', room, 'rosaline')
  await rosaline.said(`Joined ${room}`)
  const rosalind = await open('04', room, 'rosalind')
  await rosalind.said(`Full: ${room}`)
})

stage.faultless('step 5: two pages see each other, and the creator hangs up', async () => {
  const room = stage.newRoom()
  const juliet = await create('05', room, 'juliet')
  const rosaline = await open('05', room, 'rosaline')
  await allConnected(juliet, rosaline)
  await flows([juliet, rosaline], ['video'])
  await paired(juliet, rosaline)
  await Promise.all([juliet.picture(), rosaline.picture()])
  assert.deepEqual(await juliet.flags(), { isChannelReady: true, isInitiator: true, isStarted: true })
  assert.deepEqual(await rosaline.flags(), { isChannelReady: true, isInitiator: false, isStarted: true })
  await juliet.hangUp()
  await rosaline.said('The other one hung up')
})

stage.faultless('step 5: the joiner hangs up', async () => {
  const room = stage.newRoom()
  const juliet = await create('05', room, 'juliet')
  const rosaline = await open('05', room, 'rosaline')
  await allConnected(juliet, rosaline)
  await rosaline.hangUp()
  await juliet.said('The other one hung up')
  assert.equal(juliet.times('The other one hung up'), 1)
})

stage.faultless('step 5: two pages that come at the same moment', async () => {
  const room = stage.newRoom()
  const pair = await Promise.all([open('05', room, 'juliet'), open('05', room, 'rosaline')])
  await allConnected(...pair)
  await flows(pair, ['video'])
})

stage.faultless('step 6: a channel opens, and photos go both ways', async () => {
  const room = stage.newRoom()
  const juliet = await create('06', room, 'juliet')
  const rosaline = await open('06', room, 'rosaline')
  await Promise.all([juliet.channelOpen(), rosaline.channelOpen(), juliet.cameraOn(), rosaline.cameraOn()])
  await paired(juliet, rosaline)
  await rosaline.photo(1, await juliet.sendPhoto())
  await juliet.photo(1, await rosaline.sendPhoto())
})

// ---- three

stage.faultless('step 5: a third page hears that the room is full, and disturbs nobody', async () => {
  const room = stage.newRoom()
  const juliet = await create('05', room, 'juliet')
  const rosaline = await open('05', room, 'rosaline')
  await flows([juliet, rosaline], ['video'])
  const heard = () => [juliet, rosaline].map(page => page.times('Hears:'))
  const before = heard()
  const rosalind = await open('05', room, 'rosalind')
  await rosalind.said(`Full: ${room}`)
  await rosalind.said('Says: got user media')
  await flows([juliet, rosaline], ['video'])
  await rosalind.closeTab()
  await flows([juliet, rosaline], ['video'])
  assert.deepEqual(heard(), before, 'what the two heard of the third')
  assert.equal(rosalind.times('Hears:'), 0, 'what the third heard of the two')
})

stage.faultless('step 6: a third page makes a room of its own', async () => {
  const room = stage.newRoom()
  const juliet = await create('06', room, 'juliet')
  const rosaline = await open('06', room, 'rosaline')
  await Promise.all([juliet.channelOpen(), rosaline.channelOpen(), rosaline.cameraOn()])
  const rosalind = await open('06', room, 'rosalind')
  await rosalind.said(`alert: Room ${room} is full`)
  await rosalind.said('Created ')
  await rosaline.photo(1, await juliet.sendPhoto())
})

// ---- XMPP users

/** A page in the room that is named as Romeo is, and Romeo in the call. */
async function callRomeo() {
  const romeo = await stage.reachable('romeo')
  const juliet = await open('05', `romeo@${DOMAIN}`, 'juliet')
  await romeo.is('incoming')
  return [juliet, romeo]
}

/** A page that waits in a room that Romeo has as a contact. */
async function awaited(step = '05') {
  const room = stage.newRoom(), romeo = await stage.xmppUser('romeo')
  await romeo.add(`${room}@${COMPONENT}`)
  await romeo.accepted(`${room}@${COMPONENT}`)
  const juliet = await open(step, room, 'juliet')
  await juliet.said(`Joined ${room}`)
  await romeo.sees(`${room}@${COMPONENT}`, 'audio video')
  return [juliet, romeo, room]
}

stage.faultless('step 5: a room that is an XMPP user\'s address calls him, and he hangs up', async () => {
  const [juliet, romeo] = await callRomeo()
  await romeo.answer()
  await flows([juliet, romeo], ['video'])
  await paired(juliet, romeo)
  await juliet.picture()
  await romeo.hangUp()
  await juliet.said('The other one hung up')
})

stage.faultless('step 5: the page hangs up on an XMPP user', async () => {
  const [juliet, romeo] = await callRomeo()
  await romeo.answer()
  await flows([juliet, romeo], ['video'])
  await juliet.hangUp()
  await romeo.ended('success')
})

stage.faultless('step 5: the tab is closed while it rings at an XMPP user', async () => {
  const [juliet, romeo] = await callRomeo()
  await juliet.closeTab()
  await romeo.ended('cancel')
})

stage.faultless('step 5: an XMPP user declines', async () => {
  const [juliet, romeo] = await callRomeo()
  await romeo.decline()
  await juliet.said('The other one hung up')
})

stage.faultless('step 5: an XMPP user calls the room where a page waits, and the page hangs up', async () => {
  const [juliet, romeo, room] = await awaited()
  await romeo.call(`${room}@${COMPONENT}`, true)
  await flows([juliet], ['video']) // it answers by itself
  await juliet.picture()
  await paired(juliet, romeo)
  await juliet.hangUp()
  await romeo.ended('success')
})

stage.faultless('step 5: an XMPP user calls the room, hangs up, and calls again', async () => {
  const [juliet, romeo, room] = await awaited()
  for (let call = 1; call <= 2; call++) {
    await romeo.call(`${room}@${COMPONENT}`, true)
    await flows([juliet], ['video'])
    await romeo.hangUp()
    await juliet.page.waitForFunction('!isStarted')
  }
})

stage.faultless('step 5: the page vanishes in a call with an XMPP user', async () => {
  const [juliet, romeo, room] = await awaited()
  await romeo.call(`${room}@${COMPONENT}`, true)
  await flows([juliet], ['video'])
  await juliet.vanish()
  await romeo.ended('gone')
  await romeo.sees(`${room}@${COMPONENT}`)
})

stage.faultless('step 5: a second page comes to a room that is awaited', async () => {
  const [juliet, , room] = await awaited()
  const rosaline = await open('05', room, 'rosaline')
  await allConnected(juliet, rosaline)
  await paired(juliet, rosaline)
})

stage.faultless('step 6: an XMPP user cannot be called with data alone, and the page is told', async () => {
  await stage.reachable('romeo')
  const juliet = await open('06', `romeo@${DOMAIN}`, 'juliet')
  await juliet.said('incompatible media: want audio or video')
})

stage.faultless('step 6: an XMPP user calls the room, and is connected with a page that sends nothing', async () => {
  const [juliet, romeo, room] = await awaited('06')
  await romeo.call(`${room}@${COMPONENT}`, true)
  await juliet.connected()
  await paired(juliet, romeo)
  const from = juliet.log.length
  await romeo.hangUp()
  await juliet.said('Hears: bye')
  await juliet.said(`Joined ${room}`, 8_000, from) // it loads itself anew, and waits for the next call
})
