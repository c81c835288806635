// The tutorials' pages, unchanged: they call and are called, by one another and by XMPP users.

import assert from 'node:assert/strict'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { TutorialPage, serveTutorial } from './harness/tutorialpage.js'
import { flows, paired } from './harness/media.js'

const stage = Stage.forFile()

async function tutorialPage(kind, name) {
  const site = await serveTutorial(kind, stage.bridge.websocket)
  stage.later(() => site.close())
  return stage.enter(await TutorialPage.open(stage.browser, site.url, kind, name))
}

/** A tutorial page and an XMPP user who has it as a contact. */
async function couple(kind) {
  const pair = await Promise.all([tutorialPage(kind, 'juliet'), stage.xmppUser('romeo')])
  await stage.befriend(...pair)
  return pair
}

for (const kind of ['first', 'second']) {
  stage.test(`${kind} kind: calls an XMPP user`, async () => {
    const [juliet, romeo] = await couple(kind)
    await juliet.call(`romeo@${DOMAIN}`)
    await romeo.answer()
    await flows([juliet, romeo], juliet.media)
    await paired(juliet, romeo)
    await juliet.picture()
    await romeo.hangUp()
    await juliet.left()
  })

  stage.test(`${kind} kind: is called by an XMPP user, and hangs up`, async () => {
    const [juliet, romeo] = await couple(kind)
    await romeo.call(`juliet@${COMPONENT}`, true)
    await flows([juliet], juliet.media) // it answers by itself
    await juliet.picture()
    await paired(juliet, romeo)
    await juliet.hangUp()
    await romeo.ended('success')
  })

  stage.test(`${kind} kind: two of them call each other`, async () => {
    const [juliet, rosaline] = await Promise.all([tutorialPage(kind, 'juliet'), tutorialPage(kind, 'rosaline')])
    await juliet.call('rosaline')
    await flows([juliet, rosaline], juliet.media)
    await Promise.all([juliet.picture(), rosaline.picture()])
    await rosaline.hangUp()
    await juliet.left()
  })

  stage.test(`${kind} kind: an XMPP user declines`, async () => {
    const [juliet, romeo] = await couple(kind)
    await juliet.call(`romeo@${DOMAIN}`)
    await romeo.decline()
    await juliet.left()
  })

  stage.test(`${kind} kind: its tab is closed in a call`, async () => {
    const [juliet, romeo] = await couple(kind)
    await juliet.call(`romeo@${DOMAIN}`)
    await romeo.answer()
    await flows([juliet, romeo], juliet.media)
    await juliet.context.close()
    await romeo.ended('gone')
  })
}

stage.test('first kind: calls again after a call', async () => {
  const [juliet, romeo] = await couple('first')
  await juliet.call(`romeo@${DOMAIN}`)
  await romeo.answer()
  await flows([juliet, romeo], ['video'])
  await romeo.hangUp()
  await juliet.left()
  await juliet.call(`romeo@${DOMAIN}`)
  await romeo.answer()
  await flows([juliet, romeo], ['video'])
})

stage.test('a tutorial page and the call page call each other', async () => {
  const [juliet, rosaline] = await Promise.all([tutorialPage('second', 'juliet'), stage.callPage('rosaline')])
  await juliet.call('rosaline')
  await rosaline.answer()
  await flows([juliet, rosaline], ['audio', 'video'])
  await rosaline.hangUp()
  await juliet.left()
})

stage.test('a taken name is refused in the words of the tutorial', async () => {
  await tutorialPage('first', 'juliet')
  const site = await serveTutorial('first', stage.bridge.websocket)
  stage.later(() => site.close())
  const second = stage.enter(await stage.browser.open('second juliet', site.url))
  const refused = new Promise(resolve => second.page.once('dialog', async dialog => {
    resolve(dialog.message())
    await dialog.dismiss()
  }))
  await second.page.waitForFunction(() => connection.readyState === WebSocket.OPEN)
  await second.page.fill('#username', 'juliet')
  await second.page.click('#login')
  assert.match(await refused, /unsuccessful/)
})
