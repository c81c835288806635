// The codelab's pages when one of two leaves, at every moment: who stays can be joined again.

import { CODELAB, CodelabPage } from './harness/codelabpage.js'
import { paired } from './harness/media.js'
import { allConnected } from './harness/roompage.js'
import { Stage } from './harness/stage.js'

const stage = Stage.forFile({ tutorial: { codelab_files: CODELAB } })
const open = (...page) => CodelabPage.enter(stage, ...page)
const create = (...page) => CodelabPage.create(stage, ...page)

const holdCamera = () => { navigator.mediaDevices.getUserMedia = () => new Promise(() => {}) }
const holdAnswer = () => { RTCPeerConnection.prototype.createAnswer = () => new Promise(() => {}) }

const WAYS = { 'closes its tab': page => page.closeTab(), vanishes: page => page.vanish() }

/** Two pages of step 5 that got as far as this: [creator, joiner]. */
const PHASES = {
  async 'before the offer'(room, leaver) {
    const scripts = { [leaver]: [holdCamera] } // and so there is no offer
    const juliet = await create('05', room, 'creator', scripts.creator)
    const rosaline = await open('05', room, 'joiner', scripts.joiner)
    await Promise.all([juliet.said('Somebody comes'), rosaline.said('Joined')])
    return [juliet, rosaline]
  },
  async 'before the answer'(room) {
    const juliet = await create('05', room, 'creator')
    const rosaline = await open('05', room, 'joiner', [holdAnswer])
    await rosaline.page.waitForFunction(() => globalThis.livePC()?.remoteDescription)
    return [juliet, rosaline]
  },
  async 'in the call'(room) {
    const juliet = await create('05', room, 'creator')
    const rosaline = await open('05', room, 'joiner')
    await allConnected(juliet, rosaline)
    return [juliet, rosaline]
  },
}

for (const [phase, begin] of Object.entries(PHASES)) {
  for (const leaver of ['creator', 'joiner']) {
    for (const [way, go] of Object.entries(WAYS)) {
      stage.faultless(`step 5: the ${leaver} ${way} ${phase}; a new page finds who stayed`, async () => {
        const room = stage.newRoom()
        const pair = await begin(room, leaver)
        const stays = pair.find(page => page.name !== leaver)
        const lines = stays.log.length
        await go(pair.find(page => page.name === leaver))
        await stays.said(`Created ${room}`, 8_000, lines)
        const newcomer = await open('05', room, 'newcomer')
        await allConnected(stays, newcomer)
        await paired(stays, newcomer)
      })
    }
  }
}

// Its camera comes on when the test says so.
const lateCamera = () => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  const go = new Promise(resolve => { globalThis.cameraMayGo = resolve })
  navigator.mediaDevices.getUserMedia = wish => go.then(() => open(wish))
}

for (const leaver of ['creator', 'joiner']) {
  stage.faultless(`step 5: the ${leaver} leaves before the other one's camera is on; a new page finds who stayed`, async () => {
    const room = stage.newRoom()
    const creator = await create('05', room, 'creator', [lateCamera])
    const joiner = await open('05', room, 'joiner', [lateCamera])
    await Promise.all([creator.said('Somebody comes'), joiner.said('Joined')])
    const [leaves, stays] = leaver === 'creator' ? [creator, joiner] : [joiner, creator]
    const lines = stays.log.length
    await leaves.vanish()
    await stays.said(`Created ${room}`, 8_000, lines)
    await stays.page.evaluate(() => globalThis.cameraMayGo())
    await stays.said('It starts, as initiator: true') // with nobody
    const newcomer = await open('05', room, 'newcomer')
    await allConnected(stays, newcomer)
    await paired(stays, newcomer)
  })
}

stage.faultless('step 5: a page is loaded again in the call', async () => {
  const room = stage.newRoom()
  const juliet = await create('05', room, 'juliet')
  const rosaline = await open('05', room, 'rosaline')
  await allConnected(juliet, rosaline)
  for (const page of [juliet, rosaline]) {
    await page.page.reload()
    await allConnected(juliet, rosaline)
    await paired(juliet, rosaline)
  }
})

for (const leaver of ['creator', 'joiner']) {
  stage.faultless(`step 6: the ${leaver} leaves; a new page finds who stayed`, async () => {
    const room = stage.newRoom()
    const creator = await create('06', room, 'creator')
    const joiner = await open('06', room, 'joiner')
    await Promise.all([creator.channelOpen(), joiner.channelOpen()])
    const [leaves, stays] = leaver === 'creator' ? [creator, joiner] : [joiner, creator]
    const lines = stays.log.length
    await leaves.closeTab()
    await stays.said('The other one left')
    await stays.said(`Created ${room}`, 8_000, lines) // the joiner has loaded itself again
    const newcomer = await open('06', room, 'newcomer')
    await Promise.all([stays.channelOpen(), newcomer.channelOpen(), stays.cameraOn(), newcomer.cameraOn()])
    await newcomer.photo(1, await stays.sendPhoto())
  })
}
