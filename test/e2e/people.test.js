// XMPP users and pages as contacts of each other, on Prosody and on ejabberd: asking, seeing, going, coming back.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { Ejabberd } from './harness/ejabberd.js'
import { child } from './harness/jmiclient.js'
import { Prosody } from './harness/prosody.js'
import { DOMAIN, Town, contact } from './harness/town.js'
import { until } from './harness/wait.js'

const CAPS = 'http://jabber.org/protocol/caps'
const NICK = 'http://jabber.org/protocol/nick'
const FLOOD = 200
// What somebody may try, to find out whether a name is there.
const ASKS = [
  "<presence xmlns='jabber:client' type='probe' to='TO'/>",
  "<presence xmlns='jabber:client' to='TO'/>",
  "<message xmlns='jabber:client' type='chat' id='ID-1' to='TO'><body>Anybody?</body></message>",
  "<message xmlns='jabber:client' type='chat' id='ID-2' to='TO'><propose xmlns='urn:xmpp:jingle-message:0' id='ID'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>",
  "<iq xmlns='jabber:client' type='get' id='ID-3' to='TO'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  "<iq xmlns='jabber:client' type='get' id='ID-4' to='TO'><query xmlns='jabber:iq:last'/></iq>",
  "<iq xmlns='jabber:client' type='get' id='ID-5' to='TO'><vCard xmlns='vcard-temp'/></iq>",
]
const OTHERS_MS = 4_000 // how long others may wait while one account asks for too much
const GHOST_MS = 5_000 // how long somebody who is gone may look as if he were there
const WAITING = 50 // requests of one account that may wait for an answer
const CONFIG = {
  policy: { seen_by: ['romeo', 'benvolio'].map(name => `${name}@${DOMAIN}`) }, // the others have to ask
  'policy.user': [{ name: 'paris', seen_by: 'ask' }, { name: 'sylvia', seen_by: 'ask', called_by: 'contacts' }],
}

/** A stanza as text, without what differs anyway: to whom, whose name, and ids. */
const plain = (stanza, name) => JSON.stringify({ ...stanza, attrs: { ...stanza.attrs, to: '', from: '' } }).replaceAll(name, 'NAME')

describe('people', { concurrency: 2 }, () => {
  for (const Server of [Prosody, Ejabberd]) {
    describe(Server.name, { concurrency: 1 }, () => {
      const town = Town.forSuite(Server, CONFIG)
      presence(town)
      subscriptions(town)
      messages(town)
      crowds(town)
      restarts(town)
    })
  }
})

function presence(town) {
  town.scene('an XMPP user adds a page: both see each other, with a name and what it can do', async () => {
    const [anna, romeo] = await town.couple('anna', 'romeo')
    const presence = await romeo.presence(contact('anna'))
    assert.match(presence.attrs.from, /^anna@[^/]+\/.+$/)
    assert.ok(child(presence, 'c', CAPS).attrs.ver)
    assert.equal(child(presence, 'nick', NICK)?.text, 'anna')
    assert.equal(anna.view.get(romeo.address).subscription, 'both')
  })

  town.scene('a page is away, says something, goes and comes', async () => {
    const [bella, romeo] = await town.couple('bella', 'romeo')
    bella.send({ type: 'presence', show: 'away', status: 'Lunch' })
    await romeo.sees(contact('bella'), { shows: ['away'], statuses: ['Lunch'] })
    bella.vanish()
    await romeo.sees(contact('bella'), { shows: [] })
    assert.equal(await romeo.count(contact('bella'), 'unavailable'), 1)
    await town.page('bella')
    await romeo.sees(contact('bella'), { subscription: 'both', shows: ['available'] })
  })

  town.scene('a page in a call is shown so, and as before afterwards', async () => {
    const [dora, romeo] = await town.couple('dora', 'romeo')
    const emil = await town.page('emil')
    dora.send({ type: 'invite', name: 'emil', call: 'talk', media: ['audio'] })
    const { call } = await emil.inbox.find('the invitation', m => m.type === 'invite')
    emil.send({ type: 'accept', name: 'dora', call })
    await romeo.sees(contact('dora'), { shows: ['dnd'], statuses: ['on a call'] })
    dora.send({ type: 'leave', call: 'talk' })
    await romeo.sees(contact('dora'), { shows: ['available'], statuses: [''] })
  })

  town.scene('an XMPP user goes and comes, and so does another device', async () => {
    const [carla, phone] = await town.couple('carla', 'romeo')
    phone.do('send', { xml: `<presence xmlns='jabber:client' type='probe' to='${contact('carla')}'/>` })
    phone.do('send', { xml: `<presence xmlns='jabber:client' type='subscribe' to='${contact('carla')}'/>` }) // once more
    const told = await phone.count(contact('carla'), 'available')
    if (town.server instanceof Prosody) assert.ok(told > 1, 'no answer to the probe') // ejabberd keeps probes of clients to itself
    const tablet = await town.user('romeo', 'tablet')
    await tablet.sees(contact('carla'), { subscription: 'both', shows: ['available'] })
    await phone.logout()
    tablet.do('presence', { show: 'dnd', status: 'Duel' })
    await carla.shows(phone.address, { show: 'dnd', status: 'Duel' })
    await tablet.logout()
    await carla.shows(phone.address, { show: 'unavailable' })
    const again = await town.user('romeo')
    await again.sees(contact('carla'), { subscription: 'both', shows: ['available'] })
    await carla.shows(phone.address, { show: 'available' })
    assert.equal(await again.count(contact('carla'), 'subscribe'), 0, 'asked again')
  })
}

function subscriptions(town) {
  town.scene('a page that is asked says yes, and no', async () => {
    const [paris, benvolio, nurse] = await Promise.all([town.page('paris'), town.user('benvolio'), town.user('nurse')])
    for (const user of [benvolio, nurse]) {
      user.do('subscribe', { to: contact('paris') })
      await paris.inbox.find('the question', m => m.type === 'subscribe' && m.name === user.address)
      await user.settled(contact('paris'))
      assert.deepEqual(user.view(contact('paris')).shows, [], 'seen before the yes')
    }
    await benvolio.sees(contact('paris'), { subscription: 'none', ask: true })
    await paris.asks({ type: 'subscribed', name: benvolio.address })
    await benvolio.sees(contact('paris'), { shows: ['available'] })
    await paris.asks({ type: 'unsubscribed', name: nurse.address })
    await nurse.sees(contact('paris'), { subscription: 'none', ask: false })
    paris.send({ type: 'presence', show: 'away' })
    await benvolio.sees(contact('paris'), { shows: ['away'] })
    assert.equal(await nurse.count(contact('paris'), 'available'), 0, 'seen after the no')
  })

  town.scene('who may not see a page does not by asking directly', async () => {
    const [paris, peter] = await Promise.all([town.page('paris'), town.user('peter')])
    for (const to of [contact('paris'), `${contact('paris')}/any`]) {
      peter.do('send', { xml: `<presence xmlns='jabber:client' type='probe' to='${to}'/>` })
      peter.do('send', { xml: `<presence xmlns='jabber:client' to='${to}'/>` })
    }
    await peter.settled(contact('paris'))
    paris.send({ type: 'presence', show: 'away' })
    assert.equal(await peter.count(contact('paris'), 'available'), 0)
  })

  town.scene('whom a page hides from, and does not let call, cannot tell it from nobody', async () => {
    const [sylvia, peter] = await Promise.all([town.page('sylvia'), town.user('peter')])
    const answers = {}
    for (const name of ['sylvia', 'thalia']) { // nobody is called Thalia
      for (const ask of ASKS) peter.do('send', { xml: ask.replaceAll('TO', contact(name)).replaceAll('ID', `asked-${name}`) })
      await peter.settled(contact(name))
      answers[name] = peter.inbox.empty().filter(s => s.attrs.from?.startsWith(contact(name))).map(s => plain(s, name)).sort()
    }
    assert.deepEqual(answers.sylvia, answers.thalia)
    assert.ok(answers.thalia.length >= ASKS.length - 1, 'answers are missing')
    await sylvia.hearsNoMore()
  })

  town.scene('an XMPP user takes a page off the list', async () => {
    const [flora, romeo] = await town.couple('flora', 'romeo')
    romeo.do('remove', { to: contact('flora') })
    await flora.shows(romeo.address, { subscription: 'remove' })
    const before = await romeo.count(contact('flora'), 'available')
    flora.send({ type: 'presence', show: 'away' })
    await flora.asks({ type: 'ping' })
    assert.equal(await romeo.count(contact('flora'), 'available'), before, 'still seen')
  })

  town.scene('a page takes an XMPP user off the list, and asks again', async () => {
    const [gina, romeo] = await town.couple('gina', 'romeo')
    await gina.asks({ type: 'roster', remove: romeo.address })
    await romeo.sees(contact('gina'), { subscription: 'none', shows: [] })
    await gina.asks({ type: 'subscribe', name: romeo.address })
    await gina.shows(romeo.address, { show: 'available' })
  })
}

function messages(town) {
  town.scene('messages, and receipts, both ways', async () => {
    const [helen, romeo] = await town.couple('helen', 'romeo')
    const { id } = await helen.asks({ type: 'message', name: romeo.address, body: 'Calling you at five?' })
    await romeo.message('Calling you at five?')
    await helen.inbox.find('the receipt', m => m.type === 'receipt' && m.name === romeo.address && m.id === id)
    romeo.do('write', { to: contact('helen'), body: 'Yes.', id: 'yes-1' })
    const message = await helen.inbox.find('the answer', m => m.type === 'message')
    assert.deepEqual([message.name, message.body], [romeo.address, 'Yes.'])
    await romeo.inbox.find('the receipt', s => child(s, 'received', 'urn:xmpp:receipts')?.attrs.id === 'yes-1')
  })

  town.scene('a message to somebody who is not there comes back', async () => {
    const [irene, romeo] = await town.couple('irene', 'romeo')
    romeo.do('write', { to: contact('nobody-here'), body: 'Hello?', id: 'lost-1' })
    assert.equal((await romeo.answer('lost-1')).attrs.type, 'error')
    await romeo.logout()
    await irene.shows(romeo.address, { show: 'unavailable' })
    const { id } = await irene.asks({ type: 'message', name: romeo.address, body: 'Hello?' })
    await irene.inbox.find('the error', m => m.type === 'error' && m.id === id)
    irene.vanish()
    const again = await town.user('romeo')
    again.do('write', { to: contact('irene'), body: 'Hello?', id: 'lost-2' })
    assert.equal((await again.answer('lost-2')).attrs.type, 'error')
  })

  town.scene('an XMPP user blocks a page at the server: what is written to him comes back', async () => {
    const [viola, romeo] = await town.couple('viola', 'romeo')
    const say = (verb, id) => romeo.do('send', { xml: `<iq xmlns='jabber:client' type='set' id='${id}'><${verb} xmlns='urn:xmpp:blocking'><item jid='${contact('viola')}'/></${verb}></iq>` })
    say('block', 'block-1')
    await romeo.answer('block-1')
    const { id } = await viola.asks({ type: 'message', name: romeo.address, body: 'Romeo!' })
    await viola.inbox.find('the error', m => m.type === 'error' && m.id === id)
    say('unblock', 'block-2')
    await romeo.answer('block-2')
    await viola.asks({ type: 'message', name: romeo.address, body: 'Romeo!' })
    await romeo.message('Romeo!')
  })

  town.scene('who is blocked sees nobody, and reaches nobody, until he is not', async () => {
    const [julia, romeo] = await town.couple('julia', 'romeo')
    await julia.asks({ type: 'block', name: romeo.address })
    await romeo.sees(contact('julia'), { shows: [] })
    romeo.do('write', { to: contact('julia'), body: 'Julia!', id: 'blocked-1' })
    assert.equal((await romeo.answer('blocked-1')).attrs.type, 'error')
    assert.equal(julia.inbox.unread.some(m => m.type === 'message'), false)
    await julia.asks({ type: 'unblock', name: romeo.address })
    await romeo.sees(contact('julia'), { shows: ['available'] })
  })
}

function crowds(town) {
  town.scene(`${FLOOD} requests of one account: some wait for an answer, and nobody else has to`, async () => {
    const [kate, olga] = await Promise.all([town.page('kate'), town.page('olga')])
    const tybalt = await town.user('tybalt', 'phone', { approve: false })
    for (let i = 0; i < FLOOD; i++) tybalt.do('subscribe', { to: contact(`flood-${i}`) })
    const flood = tybalt.settled(contact('flood'))
    let over = false
    flood.finally(() => { over = true })
    do {
      kate.send({ type: 'message', name: 'olga', body: 'Still there?' })
      await olga.inbox.find('the message', m => m.type === 'message', OTHERS_MS)
      await Promise.race([flood, new Promise(resolve => setTimeout(resolve, 500))]) // people write no faster
    } while (!over)
    await flood
    const refused = (await town.bridge.metrics()).match(/^jinglebridge_limited_total\{limit="pending_subscriptions"\} (\d+)$/m)
    assert.equal(Number(refused?.[1]), FLOOD - WAITING)
    await town.couple('petra', 'romeo')
  })
}

function restarts(town) {
  town.scene('the XMPP server is killed: both see each other again, and nobody is asked again', async () => {
    const [wanda, romeo] = await town.couple('wanda', 'romeo')
    await town.server.kill()
    await until('the user to notice', () => romeo.state.event === 'offline')
    await wanda.shows(romeo.address, { show: 'unavailable' })
    await town.server.up()
    await town.bridge.ready()
    const again = await town.user('romeo')
    await again.sees(contact('wanda'), { subscription: 'both', shows: ['available'] })
    await wanda.shows(romeo.address, { subscription: 'both', show: 'available' })
    assert.equal(await again.count(contact('wanda'), 'subscribe'), 0, 'asked again')
  })

  town.scene('the bridge restarts: both see each other again, and nobody is asked again', async () => {
    const [laura, romeo] = await town.couple('laura', 'romeo')
    const nurse = await town.user('nurse')
    nurse.do('subscribe', { to: contact('paula') }) // who is not there to say
    await nurse.settled(contact('paula'))
    await town.bridge.stop()
    await romeo.sees(contact('laura'), { shows: [] })
    await town.bridge.up()
    const again = await town.page('laura')
    await romeo.sees(contact('laura'), { subscription: 'both', shows: ['available'] })
    await again.shows(romeo.address, { subscription: 'both', show: 'available' })
    const paula = await town.page('paula')
    assert.equal(paula.inbox.heard.filter(m => m.type === 'subscribe' && m.name === nurse.address).length, 1, 'what was asked before')
    assert.equal(await romeo.count(contact('laura'), 'subscribe'), 1, 'asked again')
    assert.equal(laura.inbox.ended, 'closed with 1012')
  })

  town.scene('the bridge is killed: who is gone is shown as gone, who came back as there', async () => {
    const [mary, romeo] = await town.couple('mary', 'romeo')
    const [nina, benvolio] = await town.couple('nina', 'benvolio')
    await town.bridge.kill()
    assert.deepEqual([mary.view.size > 0, nina.view.size > 0], [true, true])
    const began = Date.now()
    await town.bridge.up()
    await town.page('nina')
    await romeo.sees(contact('mary'), { shows: [] }, GHOST_MS)
    await benvolio.sees(contact('nina'), { shows: ['available'] }, GHOST_MS)
    assert.ok(Date.now() - began < GHOST_MS, `took ${Date.now() - began} ms`)
  })
}
