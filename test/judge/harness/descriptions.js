// Just enough reading of SDP and Jingle to know what a description asks for, by other means than the translator's own.

import { parse } from 'stanza/jxt/index.js'

const NS = 'urn:xmpp:jingle:1'
const RTP = 'urn:xmpp:jingle:apps:rtp:1'

/** The m-lines of an SDP. */
export function linesOf(sdp) {
  const [session, ...sections] = sdp.split(/^m=/m)
  const direction = text => /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(text)?.[1]
  return sections.map(section => {
    const [kind, port] = section.split(/[ /]/, 2)
    return {
      kind, mid: /^a=mid:(.*?)\r?$/m.exec(section)?.[1], rejected: port === '0',
      direction: direction(section) ?? direction(session) ?? 'sendrecv',
    }
  })
}

/** The candidates after each a=mid, as browsers take them. */
export const candidatesOf = lines => lines.split(/^a=mid:/m).slice(1).flatMap(part => {
  const [sdpMid, ...rest] = part.split('\r\n')
  return rest.filter(l => l.startsWith('a=candidate:')).map(l => ({ sdpMid, candidate: l.slice('a='.length) }))
})

/** The ICE username of an SDP, which is another after a restart. */
export const ufragOf = sdp => /^a=ice-ufrag:(.*?)\r?$/m.exec(sdp)[1]

// What nobody hears who calls through Jingle; docs/interop.md says why.
const LOST = /^a=rtpmap:(\d+) (red|ulpfec|flexfec-03|CN)\//i

/**
 * What an SDP agrees to, for each audio or video line, but for what is known to be lost in Jingle: codecs, their
 * parameters and feedback, header extensions.
 */
export function agreedIn(sdp) {
  const [session, ...sections] = sdp.split(/^m=/m)
  const mixed = session.includes('a=extmap-allow-mixed') ? ['a=extmap-allow-mixed'] : [] // Firefox says it line by line
  return sections.filter(section => /^(audio|video) /.test(section)).map(section => {
    const lines = section.split('\r\n')
    const lost = lines.map(line => LOST.exec(line)?.[1]).filter(Boolean)
    const [...rtx] = section.matchAll(/^a=fmtp:(\d+) apt=(\d+)\r$/gm)
    lost.push(...rtx.filter(([, , repeated]) => lost.includes(repeated)).map(([, id]) => id))
    const kept = lines.filter(line => /^a=(rtpmap|fmtp|rtcp-fb|extmap|extmap-allow-mixed|rtcp-mux)\b/.test(line))
      .filter(line => !lost.includes(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)/.exec(line)?.[1]))
      .filter(line => !/^a=extmap:\d+\/recvonly/.test(line)) // its direction is lost: both sides only receive it
    return [...new Set([...kept, ...mixed])].sort()
  })
}

/** The <jingle/> of a stanza, or itself. */
export function jingleOf(xml) {
  const element = parse(xml)
  return element.getName() === 'jingle' ? element : element.getChild('jingle', NS)
}

/** The audio and video of a <jingle/>. */
export function contentsOf(jingle) {
  return jingle.getChildren('content', NS).map(content => ({
    name: content.getAttribute('name'),
    senders: content.getAttribute('senders') ?? 'both', // XEP-0166 §7.3
    kind: content.getChild('description', RTP)?.getAttribute('media'),
  })).filter(({ kind }) => kind === 'audio' || kind === 'video')
}

const ALONE = {
  initiator: { both: 'sendrecv', initiator: 'sendonly', responder: 'recvonly', none: 'inactive' },
  responder: { both: 'sendrecv', initiator: 'recvonly', responder: 'sendonly', none: 'inactive' },
}

/** The direction that senders are for one who has this role. */
export const directionFor = (role, senders) => ALONE[role][senders]

const sends = direction => direction === 'sendrecv' || direction === 'sendonly'
const receives = direction => direction === 'sendrecv' || direction === 'recvonly'

/** What both directions allow. */
export function both(a, b) {
  const [out, back] = [sends(a) && sends(b), receives(a) && receives(b)]
  if (out) return back ? 'sendrecv' : 'sendonly'
  return back ? 'recvonly' : 'inactive'
}

export { sends, receives }
