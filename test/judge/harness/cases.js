// What every judge is asked, and what has to be true afterwards.

import assert from 'node:assert/strict'
import { convert } from './convert.js'
import { both, contentsOf, directionFor, jingleOf, linesOf, receives, sends } from './descriptions.js'

/** Adds to what a browser objects the description that it objects to. */
async function judged(judge, sdp, verdict) {
  try {
    return await verdict
  } catch (error) {
    throw new Error(`${judge.name}: ${error.message}\n${sdp}`)
  }
}

/**
 * A client's session-initiate becomes an offer that the browser takes and answers; and its answer becomes a
 * session-accept for the client. Where pc is in a call already, the offer is one more in it. Returns the browser's verdict.
 */
export async function initiated(judge, xml, pc) {
  const contents = contentsOf(jingleOf(xml))
  const sdp = await convert(xml)
  const verdict = await judged(judge, sdp, judge.hear(sdp, pc))
  assert.equal(verdict.state, 'stable')
  negotiated(verdict, contents.map(({ kind, senders }) => ({ kind, direction: directionFor('responder', senders) })), sdp)
  if (pc === undefined) together(verdict, sdp)

  const accept = jingleOf(await convert(verdict.answer, { offer: xml }))
  assert.equal(accept.getAttribute('action'), 'session-accept')
  const same = ({ name, kind }) => ({ name, kind })
  assert.deepEqual(contentsOf(accept).map(same), contents.map(same), 'contents of the session-accept')
  return verdict
}

/**
 * A client's session-accept becomes an answer to what the browser itself offers with such m-lines; pc as above, restart: of
 * ICE. role is the browser's in the client's words; unusable are the kinds of media for which the two have no codec in common.
 */
export async function accepted(judge, xml, lines, { role = 'initiator', unusable = [], pc: known, restart } = {}) {
  const { pc, offer } = await judge.offer(lines, known, restart)
  const sdp = await convert(xml, { offer })
  const verdict = await judged(judge, sdp, judge.answered(pc, sdp))
  assert.equal(verdict.state, 'stable')
  const contents = contentsOf(jingleOf(xml)).filter(({ kind }) => !unusable.includes(kind))
  const offered = linesOf(offer)
  const expected = offered.map(line => {
    const content = answerTo(line, offered, contents)
    return { kind: line.kind, direction: content ? both(line.direction, directionFor(role, content.senders)) : 'stopped' }
  })
  negotiated(verdict, expected, sdp)
  if (known === undefined) together(verdict, sdp)
  return pc
}

/** The content that answers an m-line: of its name or else, from a client with names of its own, the next of its kind. */
function answerTo(line, offered, contents) {
  const ours = new Set(offered.map(l => l.mid))
  let at = contents.findIndex(c => c.name === line.mid)
  if (at < 0) at = contents.findIndex(c => c.kind === line.kind && !ours.has(c.name))
  return at < 0 ? undefined : contents.splice(at, 1)[0]
}

/** What the browser negotiated is what was said, and there is a codec wherever media may flow. */
function negotiated(verdict, expected, sdp) {
  assert.deepEqual(verdict.lines.map(({ kind, direction }) => ({ kind, direction })), expected, `what was negotiated from\n${sdp}`)
  for (const line of verdict.lines) {
    if (sends(line.direction)) assert.notEqual(line.sends.length, 0, `no codec to send ${line.kind} with, from\n${sdp}`)
    if (receives(line.direction)) assert.notEqual(line.receives.length, 0, `no codec to receive ${line.kind} with, from\n${sdp}`)
  }
}

/** Sound and picture come in one and the same stream: pages show streams[0]. */
function together(verdict, sdp) {
  const heard = verdict.lines.filter(line => receives(line.direction)).map(line => line.kind)
  assert.deepEqual(verdict.tracks.map(track => track.kind), heard, `tracks from\n${sdp}`)
  for (const track of verdict.tracks) {
    assert.deepEqual(track.streams, [0], `one stream, the same for every track, from\n${sdp}`)
    assert.deepEqual(track.beside, heard.toSorted(), `all tracks in that stream, from\n${sdp}`)
  }
}
