// A real XMPP user in a browser: stanza.js, its roster, its presence, its Jingle. What stanza.js writes is
// left as it is; the far side must cope with it.

import { createClient } from 'stanza'
import { Proposals } from './proposals.js'

const $ = id => document.getElementById(id)
const MEDIA = { audio: 'urn:xmpp:jingle:apps:rtp:audio', video: 'urn:xmpp:jingle:apps:rtp:video' }
const PRESENCE_MS = 10_000

const settings = await (await fetch('settings.json')).json()
const people = new Map() // full JID -> { ver: of its software, features: Set, or null while unknown, show, status }
let client = null
let call = null // { session, local, video, incoming, sid: of its proposal, address }
let proposals = null // XEP-0353, when the page is asked for it: /?proposals

// ---- the account

function setState(state, text) {
  $('app').dataset.state = state
  $('status').textContent = text
  $('login-form').hidden = state !== 'offline'
  $('online').hidden = state !== 'online'
}

function logIn(jid, password) {
  setState('connecting', `Connecting as ${jid} …`)
  client = createClient({
    jid, password,
    resource: `web-${crypto.randomUUID().slice(0, 8)}`,
    transports: { websocket: settings.websocket, bosh: false },
    autoReconnect: true,
    maxReconnectBackoff: 1,
    allowResumption: false,
    jingle: { iceServers: [] },
  })
  client.on('session:started', online)
  client.on('disconnected', () => client && setState('connecting', 'The server is away. Trying again …'))
  client.on('auth:failed', () => { const failed = client; client = null; failed.disconnect(); setState('offline', 'Wrong address or password.') })
  client.on('subscribe', p => { client.acceptSubscription(p.from); if (!subscribed.has(p.from)) subscribe(p.from) })
  client.on('available', cameOnline)
  client.on('unavailable', p => { people.delete(p.from); showRoster() })
  client.on('jingle:incoming', incoming)
  client.on('jingle:ringing', session => session === call?.session && setCall('ringing'))
  client.on('jingle:accepted', session => session === call?.session && setCall('active'))
  client.on('jingle:terminated', terminated)
  client.jingle.on('peerTrackAdded', (session, track, stream) => {
    session.remote = stream ?? new MediaStream([track])
    showRemote()
  })
  if (location.search === '?proposals') proposals = new Proposals(client, { rings: proposed, over: stopsRinging })
  client.on('raw:*', (direction, xml) => log.push({ direction, xml }))
  client.connect()
}

async function online() {
  people.clear()
  client.updateCaps()
  const roster = await client.getRoster()
  for (const item of roster.items) if (item.subscription !== 'none') subscribed.add(item.jid)
  present()
  for (const jid of settings.contacts ?? []) if (!subscribed.has(jid)) subscribe(jid)
  setState('online', `Online as ${bare(client.jid)}.`)
  showRoster()
}

// present says how we are: as chosen on the page, or in a call.
function present() {
  const mood = $('call').dataset.state === 'active' ? { show: 'dnd', status: 'on a call' } : { show: $('show').value || undefined }
  client.sendPresence({ ...mood, legacyCapabilities: client.disco.getCaps() })
}

// ---- contacts

const subscribed = new Set() // bare JIDs asked for their presence

function subscribe(bare) {
  subscribed.add(bare)
  client.subscribe(bare)
}

async function cameOnline(presence) {
  const { from } = presence
  if (from === client.jid || !from.includes('/')) return
  const caps = presence.legacyCapabilities?.[0], known = people.get(from)
  const person = known?.ver === caps?.value ? known : { ver: caps?.value, features: null }
  people.set(from, Object.assign(person, { show: presence.show ?? 'available', status: presence.status ?? '' }))
  showRoster()
  if (person.features) return
  try {
    const info = await client.getDiscoInfo(from, caps ? `${caps.node}#${caps.value}` : undefined)
    person.features = new Set(info.features)
  } catch (err) {
    person.features = new Set()
  }
  showRoster()
}

function showRoster() {
  const rows = [...people].filter(([jid]) => bare(jid) !== bare(client.jid)).map(([jid, { features, show, status }]) => {
    const row = document.createElement('li')
    const media = features ? Object.keys(MEDIA).filter(kind => features.has(MEDIA[kind])) : ['…']
    row.dataset.jid = jid
    row.dataset.media = media.join(' ')
    Object.assign(row.dataset, { show, status })
    row.title = jid
    const mood = status || (show === 'available' ? '' : show)
    row.append(text('span', bare(jid)), text('span', [mood, media.join(', ') || 'takes no calls'].filter(Boolean).join(' · ')))
    return row
  })
  $('roster').replaceChildren(...rows)
  $('nobody').hidden = rows.length > 0
  const known = new Set([...subscribed, ...[...people.keys()].map(bare)])
  known.delete(bare(client.jid))
  $('contacts').replaceChildren(...[...known].map(jid => Object.assign(document.createElement('option'), { value: jid })))
}

function text(name, content) {
  return Object.assign(document.createElement(name), { textContent: content })
}

const bare = jid => jid.split('/')[0]

// find waits for a device of the address that can be called with the media wanted. stanza.js has no XEP-0353: it
// must know the full JID, so it subscribes first.
async function find(address, media) {
  if (address.includes('/')) return address
  if (!subscribed.has(address)) subscribe(address)
  const end = Date.now() + PRESENCE_MS
  for (;;) {
    for (const [jid, { features }] of people) {
      if (bare(jid) === address && media.every(kind => features?.has(MEDIA[kind]))) return jid
    }
    if (Date.now() > end) return null
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

// ---- calls

const ENDED = {
  success: 'The call has ended.', cancel: 'The caller gave up.', decline: 'The call was declined.', busy: 'Busy.',
  timeout: 'Nobody answered.', elsewhere: 'Answered on another device.', gone: 'The other side is gone.', unavailable: 'Not online, or cannot be called.',
}

const TEXT = {
  calling: 'Calling …', ringing: 'Ringing …', answering: 'Connecting …', active: 'In a call.',
}

function setCall(state, reason = '') {
  const with_ = call ? `${bare(call.session?.peerID ?? call.address)}: ` : ''
  $('call').hidden = state === 'none'
  $('call').dataset.state = state
  $('call').dataset.reason = reason
  const kind = call?.session?.includesVideo ? 'video call' : 'call'
  $('call-state').textContent = with_ + (state === 'incoming' ? `incoming ${kind}` : TEXT[state] ?? (reason === 'cancel' && !call.incoming ? 'You gave up.' : ENDED[reason]) ?? `Ended: ${reason}.`)
  // A call without pictures needs no place for them.
  $('call').dataset.media = call?.video || call?.session?.includesVideo ? 'video' : 'audio'
  $('answer').hidden = $('decline').hidden = state !== 'incoming'
  $('hangup').hidden = !['calling', 'ringing', 'answering', 'active'].includes(state)
  for (const button of [$('call-audio'), $('call-video')]) button.disabled = state !== 'ended'
  if (state === 'active' || state === 'ended') present()
}

async function openMedia(video) {
  const local = await navigator.mediaDevices.getUserMedia({ audio: true, video })
  $('local').srcObject = local
  return local
}

async function startCall(address, video) {
  const mine = call = { address, video }
  setCall('calling')
  try {
    mine.local = await openMedia(video)
    const media = video ? ['audio', 'video'] : ['audio'], sid = crypto.randomUUID()
    const peer = proposals ? await propose(mine, sid, media) : await find(address, media)
    if (call !== mine) return // hung up meanwhile
    if (!peer) return end('unavailable')
    mine.session = client.jingle.createMediaSession(peer, sid, mine.local)
    if (globalThis.dataToo) mine.session.pc.createDataChannel('chat') // for tests
    await mine.session.start({ offerToReceiveAudio: true, offerToReceiveVideo: video })
  } catch (err) {
    if (call === mine) end(err.name ?? 'error')
  }
}

function propose(mine, sid, media) {
  mine.sid = sid
  return proposals.propose(sid, mine.address, media, () => call === mine && setCall('ringing'))
}

function proposed({ sid, from, media }) {
  if (call) return proposals.reject(sid)
  call = { sid, address: from, incoming: true, video: media.includes('video') }
  call.arrives = new Promise(resolve => { call.arrived = resolve })
  setCall('incoming')
}

function stopsRinging(sid, reason) {
  if (sid === call?.sid && !call.session) end(reason)
}

function incoming(session) {
  if (call?.sid === session.sid && !call.session) {
    call.session = session
    showRemote()
    return call.arrived()
  }
  if (call) return session.end('busy')
  call = { session, incoming: true }
  showRemote()
  session.ring()
  setCall('incoming')
}

async function answer() {
  const mine = call
  setCall('answering')
  try {
    mine.local = await openMedia(mine.session?.includesVideo ?? mine.video)
    if (call !== mine) return
    if (!mine.session) {
      proposals.proceed(mine.sid)
      await mine.arrives
      if (call !== mine) return
    }
    for (const track of mine.local.getTracks()) await mine.session.addTrack(track, mine.local)
    await mine.session.accept()
    if (call === mine) setCall('active')
  } catch (err) {
    mine.session?.end('media-error')
  }
}

function decline() {
  if (call?.session) return call.session.decline()
  proposals.reject(call.sid)
  end('decline')
}

function hangUp() {
  if (!call?.session) {
    if (call?.sid) proposals[call.incoming ? 'reject' : 'retract'](call.sid)
    return end('cancel')
  }
  const { session } = call
  if (session.state === 'pending' && session.isInitiator) session.cancel()
  else session.end()
}

function terminated(session, reason) {
  if (session === call?.session) end(reason?.condition ?? 'success')
}

function end(reason) {
  for (const track of call?.local?.getTracks() ?? []) track.stop()
  setCall('ended', reason)
  call = null
  showRemote()
  $('local').srcObject = null
}

// showRemote: the tracks of a call come before the call itself does, and a second caller's must not replace the first's.
function showRemote() {
  if ($('remote').srcObject !== call?.session?.remote) $('remote').srcObject = call?.session?.remote ?? null
}

// ---- the page

$('login-form').addEventListener('submit', event => {
  event.preventDefault()
  logIn($('jid').value.trim(), $('password').value)
})
$('call-form').addEventListener('submit', event => {
  event.preventDefault()
  const address = $('to').value.trim()
  const wish = event.submitter?.value
  if (wish === 'add') subscribe(address)
  else if (!call) startCall(address, wish === 'video')
})
$('show').addEventListener('change', present)
$('answer').addEventListener('click', answer)
$('decline').addEventListener('click', decline)
$('hangup').addEventListener('click', hangUp)

// What went over the wire, for tests and for the curious, the last 500 stanzas.
const log = Object.assign([], { push(entry) { if (this.length >= 500) this.shift(); return Array.prototype.push.call(this, entry) } })
globalThis.wire = log
if (settings.accounts?.[0]) {
  $('jid').value = settings.accounts[0].jid
  $('password').value = settings.accounts[0].password
}
$('to').value = settings.contacts?.[0] ?? ''
