// Each client's session-initiate, as an offer to each browser.

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { judges } from './harness/browsers.js'
import { initiated } from './harness/cases.js'
import { convert } from './harness/convert.js'
import { clientOffers } from './harness/fixtures.js'

const all = judges()
const offers = clientOffers()

for (const judge of all) {
  describe(`${judge.name} takes and answers`, () => {
    afterEach(() => judge.close())

    for (const { name, xml } of offers) it(name, () => initiated(judge, xml))
  })
}

// Who takes anything judges nothing.
for (const judge of all) {
  describe(`${judge.name} refuses an offer`, () => {
    afterEach(() => judge.close())

    const without = (line, why) => it(`without ${line}`, async () => {
      const sdp = await convert(offers[0].xml)
      const worse = sdp.split('\r\n').filter(l => !l.startsWith(`a=${line}:`)).join('\r\n')
      assert.notEqual(worse, sdp)
      await assert.rejects(judge.hear(worse), why)
    })
    without('fingerprint', /setRemoteDescription: .*fingerprint/i)
    without('ice-ufrag', /setRemoteDescription: .*ice.ufrag/i)
  })
}
