// What browsers and Pion wrote, through Jingle to each browser: to an XMPP server and back between two of us.

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { judges } from './harness/browsers.js'
import { accepted, initiated } from './harness/cases.js'
import { convert } from './harness/convert.js'
import { agreedIn, linesOf } from './harness/descriptions.js'
import { browserAnswers, browserOffers } from './harness/fixtures.js'

const initiate = sdp => convert(sdp, { action: 'session-initiate' })

const calls = sdp => linesOf(sdp).some(({ kind, rejected }) => !rejected && (kind === 'audio' || kind === 'video'))

for (const judge of judges()) {
  describe(`${judge.name} hears the offer of`, () => {
    afterEach(() => judge.close())

    for (const { name, sdp } of browserOffers()) {
      it(name, async () => {
        if (!calls(sdp)) return assert.rejects(initiate(sdp), /incompatible media: want audio or video/)
        await initiated(judge, await initiate(sdp))
      })
    }
  })

  describe(`${judge.name} agrees to what it would agree to without Jingle between them, with`, () => {
    afterEach(() => judge.close())

    for (const { name, sdp } of browserOffers().filter(offer => calls(offer.sdp))) {
      it(name, async () => {
        const [direct, ours] = [await judge.hear(sdp), await judge.hear(await convert(await initiate(sdp)))]
        assert.deepEqual(agreedIn(ours.answer), agreedIn(direct.answer))
      })
    }
  })

  describe(`${judge.name} hears the answer of`, () => {
    afterEach(() => judge.close())

    for (const { name, sdp, offer } of browserAnswers()) {
      if (!calls(offer)) continue // no client was ever asked
      it(name, async () => accepted(judge, await convert(sdp, { offer: await initiate(offer) }), linesOf(offer)))
    }
  })
}
