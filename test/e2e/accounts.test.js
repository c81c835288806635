// Pages that are XMPP accounts: one more device of alice's, with her contacts, called and calling with media, over Prosody;
// and the same without media over ejabberd.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import { Ejabberd } from './harness/ejabberd.js'
import { JSONClient } from './harness/jsonclient.js'
import { flows, paired } from './harness/media.js'
import { ACCOUNTS, COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { Town } from './harness/town.js'
import { until } from './harness/wait.js'

const JULIET = `juliet@${DOMAIN}`
const ROMEO = `romeo@${DOMAIN}`

/** Lets the accounts of the server's domain log in, as themselves or as names of the bridge. */
const accounts = as => ({ ports, certificate }) => ({
  account: [{ domain: DOMAIN, as, server: `127.0.0.1:${ports.c2s}`, ca_file: certificate.file }],
})

describe('over Prosody, with media', () => {
  const stage = Stage.forFile({ bridge: accounts('itself') })

  stage.test('called: the page rings beside the phone, takes the call, and the phone stops', async () => {
    const [juliet, romeo, phone] = await Promise.all([stage.accountPage('juliet'), stage.proposer('romeo'), stage.jmiClient('juliet')])
    await romeo.call(JULIET, true)
    await juliet.is('incoming')
    await phone.message('propose')
    await juliet.answer()
    await phone.event('end of its ringing', e => e.event === 'elsewhere')
    await flows([juliet, romeo], ['audio', 'video'])
    await paired(juliet, romeo)
    await romeo.hangUp()
    await juliet.ended('hangup')
    assert.deepEqual(phone.faults, [])
  })

  stage.test('called: the phone takes the call, and the page hears that', async () => {
    const [juliet, romeo, phone] = await Promise.all([stage.accountPage('juliet'), stage.jmiClient('romeo'), stage.jmiClient('juliet')])
    const sid = randomUUID()
    romeo.do('propose', { to: JULIET, sid, media: ['audio'] })
    await juliet.is('incoming')
    await phone.message('propose', sid)
    phone.do('proceed', { sid })
    await romeo.jingle('session-accept', sid)
    await juliet.ended('elsewhere')
    assert.deepEqual([phone.faults, romeo.faults], [[], []])
  })

  stage.test('calling, seen by a contact, and the server restarts in the call', async () => {
    const [juliet, romeo] = await Promise.all([stage.accountPage('juliet'), stage.proposer('romeo')])
    await romeo.add(JULIET)
    await juliet.allow(ROMEO)
    await romeo.sees(JULIET, 'audio video')
    await juliet.sees(ROMEO)
    await juliet.call(ROMEO, true)
    await romeo.answer()
    await flows([juliet, romeo], ['audio', 'video'])

    const before = await juliet.jid()
    await stage.prosody.kill()
    await until('the bridge to notice', async () => !(await stage.bridge.isReady()))
    await stage.prosody.up()
    await stage.bridge.ready()
    await romeo.online()
    await romeo.sees(JULIET, 'audio video')
    assert.equal(await romeo.deviceOf(JULIET), before, 'it has another address now')
    await flows([juliet, romeo], ['audio', 'video'])
    await juliet.hangUp()
    await romeo.ended('success')
  })

  stage.test('who cannot log in is told why', async () => {
    const visitor = stage.enter(await JSONClient.connect(stage.bridge.websocket, 'visitor'))
    for (const [name, password, code] of [
      [JULIET, 'not hers', 'auth-failed'],
      [`nobody@${DOMAIN}`, 'capulet', 'auth-failed'],
      ['juliet@elsewhere.test', 'capulet', 'forbidden'],
      [JULIET, undefined, 'auth-required'],
    ]) {
      const answer = await visitor.login({ v: 1, name, password })
      assert.deepEqual([name, answer.success, answer.code], [name, false, code])
      assert.ok(answer.methods.includes('xmpp'))
    }
  })
})

describe('over ejabberd', () => {
  const town = Town.forSuite(Ejabberd, accounts('itself'))
  const juliet = () => town.page(JULIET, { caps: ['invite', 'roster'], password: ACCOUNTS.juliet })

  town.scene('called, on the page and on the phone: whoever takes the call, the other stops ringing', async () => {
    const [page, romeo, phone] = await Promise.all([juliet(), town.jmiClient('romeo'), town.jmiClient('juliet')])
    for (const taker of ['page', 'phone']) {
      const sid = randomUUID()
      romeo.do('propose', { to: JULIET, sid, media: ['audio'] })
      const invite = await page.inbox.find('the call', m => m.type === 'invite' && m.name === ROMEO)
      await phone.message('propose', sid)
      if (taker === 'page') page.send({ type: 'accept', name: ROMEO, call: invite.call })
      else phone.do('proceed', { sid })
      await romeo.message('proceed', sid)
      if (taker === 'page') {
        await phone.event('end of its ringing', e => e.event === 'elsewhere' && e.sid === sid)
        await page.inbox.find('the offer', m => m.type === 'offer' && m.call === invite.call)
        page.send({ type: 'leave', call: invite.call })
        await romeo.jingle('session-terminate', sid)
      } else await page.inbox.find('the end', m => m.type === 'leave' && m.call === invite.call && m.reason === 'elsewhere')
    }
    assert.deepEqual([romeo.faults, phone.faults], [[], []])
  })

  town.scene('her contacts are the account\'s, and see her page', async () => {
    const [page, nurse] = await Promise.all([juliet(), town.user('nurse')])
    nurse.do('subscribe', { to: JULIET })
    await page.inbox.find('the question', m => m.type === 'subscribe' && m.name === nurse.address)
    await page.asks({ type: 'subscribed', name: nurse.address })
    await page.asks({ type: 'subscribe', name: nurse.address })
    await nurse.sees(JULIET, { subscription: 'both', shows: ['available'] })
    await page.shows(nurse.address, { subscription: 'both', show: 'available' })
    page.vanish()
    await nurse.sees(JULIET, { shows: [] })
  })

  town.scene('an account as a name of the bridge', async () => {
    await town.bridge.stop()
    await town.bridge.configure(accounts('name')(town.server))
    await town.bridge.up()
    const [page, nurse] = await Promise.all([juliet(), town.user('nurse')])
    nurse.do('subscribe', { to: `juliet@${COMPONENT}` })
    await nurse.sees(`juliet@${COMPONENT}`, { shows: ['available'] })
    assert.equal(page.view.has(nurse.address), true)
  })
})
