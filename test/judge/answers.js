// Each client's session-accept, as the answer to an offer that each browser makes itself, with its own numbers.

import { afterEach, describe, it } from 'node:test'
import { judges } from './harness/browsers.js'
import { accepted } from './harness/cases.js'
import { clientAnswers } from './harness/fixtures.js'

for (const judge of judges()) {
  describe(`${judge.name} is answered by`, () => {
    afterEach(() => judge.close())

    for (const { name, xml, lines, role } of clientAnswers()) it(name, () => accepted(judge, xml, lines, { role }))
  })
}
