// Calls that come about: everybody hears, and sees, the other.

import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { flows, paired, without } from './harness/media.js'

const stage = Stage.forFile()

for (const video of [false, true]) {
  const kinds = video ? ['audio', 'video'] : ['audio']

  stage.test(`a page calls an XMPP user, ${kinds}`, async () => {
    const [juliet, romeo] = await stage.couple()
    await juliet.call(`romeo@${DOMAIN}`, video)
    await romeo.is('incoming')
    await juliet.is('ringing')
    await romeo.answer()
    await flows([juliet, romeo], kinds)
    await juliet.is('connected')
    await paired(juliet, romeo)
    if (!video) await Promise.all([juliet, romeo].map(who => without(who, 'video')))
  })

  stage.test(`an XMPP user calls a page, ${kinds}`, async () => {
    const [juliet, romeo] = await stage.couple()
    await romeo.call(`juliet@${COMPONENT}`, video)
    await juliet.is('incoming')
    await romeo.is('ringing')
    await juliet.answer()
    await flows([juliet, romeo], kinds)
    await romeo.is('active')
    await paired(juliet, romeo)
    if (!video) await Promise.all([juliet, romeo].map(who => without(who, 'video')))
  })

  stage.test(`a page calls a page, ${kinds}`, async () => {
    const [juliet, rosaline] = await Promise.all([stage.callPage('juliet'), stage.callPage('rosaline')])
    await juliet.call('rosaline', video)
    await rosaline.is('incoming')
    await juliet.is('ringing')
    await rosaline.answer()
    await flows([juliet, rosaline], kinds)
    await paired(juliet, rosaline)
    await rosaline.hangUp()
    await juliet.ended('hangup')
  })
}

stage.test('an XMPP user offers a data channel beside the media, and is answered', async () => {
  const [juliet, romeo] = await stage.couple()
  await romeo.call(`juliet@${COMPONENT}`, true, true)
  await juliet.is('incoming')
  await juliet.answer()
  await flows([juliet, romeo], ['audio', 'video'])
  await romeo.hangUp()
  await juliet.ended('hangup')
})

stage.test('two calls at once do not touch each other', async () => {
  const [juliet, romeo] = await stage.couple()
  const [rosaline, benvolio] = await stage.couple('rosaline', 'benvolio')
  await juliet.call(`romeo@${DOMAIN}`, true)
  await benvolio.call(`rosaline@${COMPONENT}`, true)
  await Promise.all([romeo.answer(), rosaline.answer()])
  await flows([juliet, romeo, rosaline, benvolio], ['audio', 'video'], 25_000)
  await paired(juliet, romeo)
  await paired(rosaline, benvolio)
  await juliet.hangUp()
  await romeo.ended('success')
  await flows([rosaline, benvolio], ['audio', 'video'])
})

stage.test('one call after the other, on the same two pages', async () => {
  const [juliet, romeo] = await stage.couple()
  await juliet.call(`romeo@${DOMAIN}`)
  await romeo.answer()
  await flows([juliet, romeo], ['audio'])
  await romeo.hangUp()
  await juliet.ended('hangup')
  await romeo.call(`juliet@${COMPONENT}`, true)
  await juliet.answer()
  await flows([juliet, romeo], ['audio', 'video'])
})

stage.test('a page that goes is a contact that goes', async () => {
  const [juliet, romeo] = await stage.couple()
  await romeo.sees(`juliet@${COMPONENT}`, 'audio video')
  await juliet.context.close()
  await romeo.sees(`juliet@${COMPONENT}`, undefined)
})
