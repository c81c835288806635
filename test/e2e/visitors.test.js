// Visitors of a page: who has no name calls the page's people, and is called back.

import assert from 'node:assert/strict'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { flows, paired } from './harness/media.js'

const people = (...names) => names.map(name => `${name}@${DOMAIN}`)
const stage = Stage.forFile({
  bridge: {
    page: [
      { name: 'frontdoor', title: 'Front door', ring: people('romeo', 'benvolio') },
      { name: 'backdoor', title: 'Back door', ring: people('nurse') },
    ],
  },
})

stage.test('a visitor calls: both of the page ring, one takes the call, the other stops', async () => {
  const [anna, romeo, benvolio] = await Promise.all([stage.visitor('frontdoor', 'Anna'), stage.proposer('romeo'), stage.proposer('benvolio')])
  assert.equal(await anna.page.title(), 'Front door')
  await anna.ring()
  await benvolio.is('incoming')
  await romeo.is('incoming')
  await anna.is('ringing')
  await romeo.answer()
  await benvolio.ended('cancel')
  await flows([anna, romeo], ['audio'])
  await paired(anna, romeo)
  await romeo.hangUp()
  await anna.ended('hangup')
})

stage.test('nobody is there: the visitor is told so, waits, and is called back', async () => {
  const anna = await stage.visitor('backdoor', 'Anna')
  await anna.ring()
  await anna.ended('unavailable')
  await anna.reads('you can be called back')
  const nurse = await stage.proposer('nurse')
  await nurse.add(`backdoor@${COMPONENT}`)
  await nurse.sees(`backdoor@${COMPONENT}`, 'audio video')
  assert.match(await nurse.deviceOf(`backdoor@${COMPONENT}`), /\/visitor-/)
  await nurse.call(`backdoor@${COMPONENT}`, true)
  await anna.answer()
  await flows([anna, nurse], ['audio', 'video'])
  await anna.hangUp()
  await nurse.ended('success')
  await anna.reads('Thank you')
  await nurse.sees(`backdoor@${COMPONENT}`, undefined)
})

stage.test('all decline: the visitor is told so', async () => {
  const [anna, romeo, benvolio] = await Promise.all([stage.visitor('frontdoor', 'Anna'), stage.proposer('romeo'), stage.proposer('benvolio')])
  await anna.ring()
  await Promise.all([romeo.decline(), benvolio.decline()])
  await anna.ended('decline')
})
