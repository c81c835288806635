// The stage itself: two XMPP users call each other, with no bridge between them. When this fails, nothing
// that the other files say about the bridge counts.

import { DOMAIN, Stage } from './harness/stage.js'
import { flows, paired, without } from './harness/media.js'

const stage = Stage.forFile({ bridge: null })

async function couple() {
  return Promise.all([stage.xmppUser('romeo'), stage.xmppUser('nurse')])
}

stage.test('two XMPP users talk', async () => {
  const [romeo, nurse] = await couple()
  await romeo.call(`nurse@${DOMAIN}`)
  await nurse.answer()
  await Promise.all([romeo.is('active'), nurse.is('active')])
  await flows([romeo, nurse], ['audio'])
  await paired(romeo, nurse)
  await without(romeo, 'video')
  await romeo.hangUp()
  await nurse.ended('success')
})

stage.test('two XMPP users see each other', async () => {
  const [romeo, nurse] = await couple()
  await romeo.call(`nurse@${DOMAIN}`, true)
  await nurse.answer()
  await flows([romeo, nurse], ['audio', 'video'])
  await nurse.hangUp()
  await romeo.ended('success')
})

stage.test('XMPP users with proposals: all devices of one ring, one takes the call, the other stops', async () => {
  const [romeo, phone, tablet] = await Promise.all([stage.proposer('romeo'), stage.proposer('nurse'), stage.proposer('nurse')])
  await romeo.call(`nurse@${DOMAIN}`)
  await tablet.is('incoming')
  await romeo.is('ringing')
  await phone.answer()
  await tablet.ended('elsewhere')
  await flows([romeo, phone], ['audio'])
  await paired(romeo, phone)
  await romeo.hangUp()
  await phone.ended('success')
})

stage.test('XMPP users with proposals: one gives up, one declines', async () => {
  const [romeo, nurse] = await Promise.all([stage.proposer('romeo'), stage.proposer('nurse')])
  await romeo.call(`nurse@${DOMAIN}`)
  await nurse.is('incoming')
  await romeo.hangUp()
  await nurse.ended('cancel')
  await nurse.call(`romeo@${DOMAIN}`)
  await romeo.decline()
  await nurse.ended('decline')
})

stage.test('an XMPP user declines, another gives up', async () => {
  const [romeo, nurse] = await couple()
  await romeo.call(`nurse@${DOMAIN}`)
  await nurse.decline()
  await romeo.ended('decline')
  await nurse.call(`romeo@${DOMAIN}`)
  await romeo.is('incoming')
  await nurse.hangUp()
  await romeo.ended('cancel')
})
