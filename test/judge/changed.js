// One good session-accept, said in the many ways that clients have: each browser takes it, or the refusal says why.

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { judges } from './harness/browsers.js'
import { accepted } from './harness/cases.js'
import * as as from './harness/changes.js'
import { jingleOf } from './harness/descriptions.js'
import { clientAnswers } from './harness/fixtures.js'

const good = clientAnswers().find(({ name }) => /^conversations-.*\.audio-video\.01-answer$/.test(name))

/** The good one, changed. */
function changed(...changes) {
  const jingle = jingleOf(good.xml)
  const before = jingle.toString()
  for (const change of changes) change(jingle)
  assert.notEqual(jingle.toString(), before)
  return jingle.toString()
}

const TAKEN = {
  'contents in reversed order': [as.reversed],
  'only the audio': [as.only('audio')],
  'only the video': [as.only('video')],
  'names of its own': [as.ownNames],
  'names of its own, in reversed order': [as.ownNames, as.reversed],
  'no group': [as.ungrouped],
  'other payload numbers': [as.newNumbers],
  'the payload numbers of each other': [as.swappedNumbers],
  'no retransmission': [as.withoutRtx],
  'one codec for each media': [as.oneCodec],
  'a codec that nobody has, first': [as.unknownFirst],
  'header extensions by other numbers, and one more': [as.otherExtensions],
  'to be the DTLS server': [as.setup('passive')],
  'not to have chosen a DTLS role': [as.setup('actpass')],
  'no DTLS role': [as.setup(undefined)],
  'video that it only receives': [as.senders('video', 'initiator')],
  'video that it only sends': [as.senders('video', 'responder')],
  'video that nobody sends': [as.senders('video', 'none')],
  'one transport for the bundle': [as.oneTransport],
  'no word of rtcp-mux': [as.withoutMux],
}

for (const judge of judges()) {
  describe(`${judge.name} is answered with`, () => {
    afterEach(() => judge.close())

    for (const [name, changes] of Object.entries(TAKEN)) it(name, () => accepted(judge, changed(...changes), good.lines))

    it('video codecs that nobody has', () =>
      accepted(judge, changed(as.unknownOnly('video')), good.lines, { unusable: ['video'] }))

    it('codecs that nobody has, and that is said', () => assert.rejects(
      accepted(judge, changed(as.unknownOnly('audio'), as.unknownOnly('video')), good.lines),
      /^Error: convert: .*incompatible media: want an answer that takes a content of the offer/))
  })
}
