// Calls that change: every offer and answer of a scene, one after another on the same connection, as each side of it.

import { afterEach, describe, it } from 'node:test'
import { judges } from './harness/browsers.js'
import { accepted, initiated } from './harness/cases.js'
import { convert } from './harness/convert.js'
import { linesOf, ufragOf } from './harness/descriptions.js'
import { browserScenes } from './harness/fixtures.js'

const initiate = sdp => convert(sdp, { action: 'session-initiate' })

for (const judge of judges()) {
  describe(`${judge.name} is called in`, () => {
    afterEach(() => judge.close())

    for (const { name, steps } of browserScenes()) {
      it(name, async () => {
        let pc
        for (const { offer } of steps) ({ pc } = await initiated(judge, await initiate(offer), pc))
      })
    }
  })

  describe(`${judge.name} calls in`, () => {
    afterEach(() => judge.close())

    for (const { name, steps } of browserScenes()) {
      it(name, async () => {
        let pc
        let before = steps[0].offer
        for (const { offer, answer } of steps) {
          const accept = await convert(answer, { offer: await initiate(offer) })
          pc = await accepted(judge, accept, linesOf(offer), { pc, restart: ufragOf(offer) !== ufragOf(before) })
          before = offer
        }
      })
    }
  })
}
