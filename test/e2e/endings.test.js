// Every way a call can end tells the other side, soon, and with the right reason.

import { Browser } from './harness/browser.js'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { flows } from './harness/media.js'

const stage = Stage.forFile()

const byPage = async (juliet, romeo) => { await juliet.call(`romeo@${DOMAIN}`); await romeo.is('incoming') }
const byXMPP = async (juliet, romeo) => { await romeo.call(`juliet@${COMPONENT}`); await juliet.is('incoming') }

async function talking(juliet, romeo, begin) {
  await begin(juliet, romeo)
  await (begin === byPage ? romeo : juliet).answer()
  await flows([juliet, romeo], ['audio'])
}

for (const [how, begin] of [['called by the page', byPage], ['called by the XMPP user', byXMPP]]) {
  stage.test(`${how}: the page hangs up`, async () => {
    const [juliet, romeo] = await stage.couple()
    await talking(juliet, romeo, begin)
    await juliet.hangUp()
    await romeo.ended('success')
    await juliet.ended('hangup')
  })

  stage.test(`${how}: the XMPP user hangs up`, async () => {
    const [juliet, romeo] = await stage.couple()
    await talking(juliet, romeo, begin)
    await romeo.hangUp()
    await juliet.ended('hangup')
    await romeo.ended('success')
  })

  stage.test(`${how}: the page's tab is closed in the call`, async () => {
    const [juliet, romeo] = await stage.couple()
    await talking(juliet, romeo, begin)
    await juliet.context.close()
    await romeo.ended('success')
  })

  stage.test(`${how}: the page's browser is killed`, async () => {
    const browser = await stage.browserToKill()
    const [juliet, romeo] = await stage.couple('juliet', 'romeo', { juliet: browser })
    await talking(juliet, romeo, begin)
    await browser.kill()
    await romeo.ended('gone')
  })

  stage.test(`${how}: the XMPP user's browser is killed`, async () => {
    const browser = await stage.browserToKill()
    const [juliet, romeo] = await stage.couple('juliet', 'romeo', { romeo: browser })
    await talking(juliet, romeo, begin)
    await browser.kill()
    await juliet.ended('gone')
  })
}

stage.test('the XMPP user declines', async () => {
  const [juliet, romeo] = await stage.couple()
  await byPage(juliet, romeo)
  await romeo.decline()
  await juliet.ended('decline')
})

stage.test('the page declines', async () => {
  const [juliet, romeo] = await stage.couple()
  await byXMPP(juliet, romeo)
  await juliet.decline()
  await romeo.ended('decline')
})

stage.test('the page gives up', async () => {
  const [juliet, romeo] = await stage.couple()
  await byPage(juliet, romeo)
  await juliet.hangUp()
  await romeo.ended('cancel')
})

stage.test('the XMPP user gives up', async () => {
  const [juliet, romeo] = await stage.couple()
  await byXMPP(juliet, romeo)
  await romeo.hangUp()
  await juliet.ended('cancel')
})

stage.test('the page vanishes while it rings at the XMPP user', async () => {
  const browser = await stage.browserToKill()
  const [juliet, romeo] = await stage.couple('juliet', 'romeo', { juliet: browser })
  await byPage(juliet, romeo)
  await browser.kill()
  await romeo.ended('cancel')
})

stage.test('the page vanishes while it is rung', async () => {
  const browser = await stage.browserToKill()
  const [juliet, romeo] = await stage.couple('juliet', 'romeo', { juliet: browser })
  await byXMPP(juliet, romeo)
  await browser.kill()
  await romeo.ended('gone')
})

stage.test('the XMPP user is in another call', async () => {
  const [juliet, romeo] = await stage.couple()
  const rosaline = await stage.callPage('rosaline')
  await stage.befriend(rosaline, romeo)
  await talking(juliet, romeo, byPage)
  await rosaline.call(`romeo@${DOMAIN}`)
  await rosaline.ended('busy')
  await flows([juliet, romeo], ['audio'])
})

stage.test('a page calls somebody who is not there', async () => {
  const juliet = await stage.callPage('juliet')
  await juliet.call(`nobody@${DOMAIN}`)
  await juliet.ended('unavailable')
  await juliet.call('nobody')
  await juliet.ended('unavailable')
})

stage.test('page and page: hang up, decline, give up', async () => {
  const [juliet, rosaline] = await Promise.all([stage.callPage('juliet'), stage.callPage('rosaline')])
  await juliet.call('rosaline')
  await rosaline.decline()
  await juliet.ended('decline')
  await rosaline.call('juliet')
  await juliet.is('incoming')
  await rosaline.hangUp()
  await juliet.ended('cancel')
  await juliet.call('rosaline')
  await rosaline.answer()
  await flows([juliet, rosaline], ['audio'])
  await juliet.hangUp()
  await rosaline.ended('hangup')
})
