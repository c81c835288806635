// The four tutorials' pages, each by the listener of its own, as [tutorial] has them: among themselves, with each other, and with
// an XMPP user.

import assert from 'node:assert/strict'
import { BravePage } from './harness/bravepage.js'
import { CODELAB, CodelabPage } from './harness/codelabpage.js'
import { JSONClient } from './harness/jsonclient.js'
import { flows, paired } from './harness/media.js'
import { allConnected } from './harness/roompage.js'
import { DOMAIN, Stage } from './harness/stage.js'
import { TutorialPage, serveTutorial } from './harness/tutorialpage.js'

const stage = Stage.forFile({ tutorial: { codelab_files: CODELAB } })

// The plain WebSocket ones: the kind of page, its listener, and what that says to what it does not know.
const PLAIN = {
  first: ['learning_webrtc', 'Unrecognized command: foo'],
  second: ['tutorialspoint', 'Command not found: foo'],
}

async function plain(kind, name) {
  const site = await serveTutorial(kind, stage.bridge.listener(PLAIN[kind][0], 'ws'))
  stage.later(() => site.close())
  return stage.enter(await TutorialPage.open(stage.browser, site.url, kind, name))
}

const brave = (name, room) => BravePage.enter(stage, name, room)
const codelab = (name, room) => CodelabPage.enter(stage, '05', room, name)

for (const [kind, [listener, unknown]] of Object.entries(PLAIN)) {
  stage.test(`${listener}: two pages call each other`, async () => {
    const [juliet, rosaline] = await Promise.all([plain(kind, 'juliet'), plain(kind, 'rosaline')])
    await juliet.call('rosaline')
    await flows([juliet, rosaline], juliet.media)
    await rosaline.hangUp()
    await juliet.left()
  })

  stage.test(`${listener}: calls an XMPP user`, async () => {
    const [juliet, romeo] = await Promise.all([plain(kind, 'juliet'), stage.reachable('romeo')])
    await juliet.call(`romeo@${DOMAIN}`)
    await romeo.answer()
    await flows([juliet, romeo], juliet.media)
    await paired(juliet, romeo)
  })

  stage.test(`${listener}: refuses in the words of its tutorial`, async () => {
    const juliet = stage.enter(await JSONClient.open(stage.bridge.listener(listener, 'ws'), 'juliet', { old: true }))
    juliet.send({ type: 'foo' })
    await juliet.hears({ type: 'error', message: unknown })
  })
}

stage.test('learning_webrtc calls tutorialspoint', async () => {
  const [juliet, rosaline] = await Promise.all([plain('first', 'juliet'), plain('second', 'rosaline')])
  await juliet.call('rosaline')
  await flows([juliet, rosaline], ['video'])
  await juliet.hangUp()
  await rosaline.left()
})

for (const [kind, open] of Object.entries({ brave, codelab })) {
  stage.test(`${kind}: two pages in a room`, async () => {
    const room = `balcony of ${kind}`
    const juliet = await open('juliet', room), rosaline = await open('rosaline', room)
    await allConnected(juliet, rosaline)
    await flows([juliet, rosaline], juliet.media)
  })

  stage.test(`${kind}: calls an XMPP user`, async () => {
    const romeo = await stage.reachable('romeo')
    const juliet = await open('juliet', `romeo@${DOMAIN}`)
    await romeo.answer()
    await flows([juliet, romeo], ['video'])
    await paired(juliet, romeo)
  })
}

stage.test('a page of the first kind, one of the codelab, and a Brave one at the same time', async () => {
  const pages = await Promise.all([
    plain('first', 'juliet'), plain('first', 'rosaline'), codelab('viola', 'garden'), codelab('olivia', 'garden'),
    brave('hero', 'church'), brave('beatrice', 'church'),
  ])
  await pages[0].call('rosaline')
  await allConnected(...pages.slice(2))
  await flows(pages, ['video'])
  for (let i = 0; i < pages.length; i += 2) await paired(pages[i], pages[i + 1])
  assert.equal(pages[4].times('Got an offer') + pages[5].times('Got an offer'), 1)
})
