// What each browser offers by itself, as it is now, can be read by every XMPP client.

import { afterEach, describe, it } from 'node:test'
import { judges } from './harness/browsers.js'
import { convert, readable } from './harness/convert.js'
import { linesOf } from './harness/descriptions.js'
import { browserOffers } from './harness/fixtures.js'

/** The different m-lines of all scenes, by what they are called here. */
const kinds = {}
for (const { sdp } of browserOffers()) {
  const lines = linesOf(sdp)
  kinds[lines.map(({ kind, direction }) => (kind === 'application' ? 'data' : `${kind} ${direction}`)).join(', ')] = lines
}
const simulcast = [{ kind: 'audio', direction: 'sendrecv' }, { kind: 'video', direction: 'sendrecv', layers: ['high', 'low'] }]

for (const judge of judges()) {
  describe(`${judge.name} offers`, () => {
    afterEach(() => judge.close())

    for (const [name, lines] of Object.entries({ ...kinds, simulcast })) {
      if (lines.every(({ kind }) => kind === 'application')) continue // nobody is called with data alone
      it(name, async () => {
        const { offer } = await judge.offer(lines)
        await readable(await convert(offer, { action: 'session-initiate' }))
      })
    }
  })
}
