// Media flows between every two browsers when each hears of the other only what went through Jingle, candidates too.

import { afterEach, describe, it } from 'node:test'
import { until } from '../e2e/harness/wait.js'
import { judges } from './harness/browsers.js'
import { convert } from './harness/convert.js'
import { jingleOf } from './harness/descriptions.js'
import { oneCodec, ownNames, ungrouped } from './harness/changes.js'

const LINES = [{ kind: 'audio', direction: 'sendrecv' }, { kind: 'video', direction: 'sendrecv' }]
const COUNTERS = ['audio sent', 'audio received', 'video sent', 'video received', 'video decoded']

const same = jingle => jingle

/** Like Dino, that knows no BUNDLE, calls its contents by their media and has one codec for each. */
const likeDino = jingle => oneCodec(ownNames(ungrouped(jingle)))

/** A call with both descriptions in full; change is what the other side makes of our session-initiate. */
async function call(caller, callee, change) {
  const { pc: a } = await caller.offer(LINES)
  const offer = await caller.gathered(a)
  const initiate = change(jingleOf(await convert(offer, { action: 'session-initiate' }))).toString()
  const { pc: b } = await callee.hear(await convert(initiate))
  const accept = await convert(await callee.gathered(b), { offer: initiate })
  await caller.answered(a, await convert(accept, { offer }))
  await Promise.all([flows(caller, a), flows(callee, b)])
}

/** Waits until every counter has grown from where it was when all had begun: a single packet is no call. */
async function flows(judge, pc) {
  let now
  const all = async test => {
    now = await judge.counters(pc)
    return COUNTERS.every(name => test(now.counters[name], name)) && now
  }
  const media = (what, test) => until(`${judge.name}: ${what}`, () => all(test), 15_000)
    .catch(error => { throw new Error(`${error.message}; has ${JSON.stringify(now)}`) })
  const begun = await media('media', count => count > 0)
  await media('more media', (count, name) => count > begun.counters[name] + 5)
}

const all = judges()
for (const caller of all) {
  describe(`${caller.name} calls`, () => {
    afterEach(() => Promise.all(all.map(judge => judge.close())))

    for (const callee of all) {
      it(callee.name, () => call(caller, callee, same))
      it(`${callee.name}, without BUNDLE, other names, one codec each`, () => call(caller, callee, likeDino))
    }
  })
}
