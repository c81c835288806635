// Media flows between every two browsers when each hears of the other only what went through Jingle, candidates too.

import { afterEach, describe, it } from 'node:test'
import { until } from '../e2e/harness/wait.js'
import { judges } from './harness/browsers.js'
import { convert } from './harness/convert.js'
import { candidatesOf, jingleOf } from './harness/descriptions.js'
import { oneCodec, ownNames, ungrouped } from './harness/changes.js'

const LINES = [{ kind: 'audio', direction: 'sendrecv' }, { kind: 'video', direction: 'sendrecv' }]
const SIMULCAST = LINES.map(line => (line.kind === 'video' ? { ...line, layers: ['high', 'low'] } : line))
const COUNTERS = ['audio sent', 'audio received', 'video sent', 'video received', 'video decoded']

/** A call as pages make it: first the descriptions, then the candidates. */
async function trickling(caller, callee, lines) {
  const { pc: a, offer } = await caller.offer(lines)
  const initiate = await convert(offer, { action: 'session-initiate' })
  const { pc: b, answer } = await callee.hear(await convert(initiate))
  await caller.answered(a, await convert(await convert(answer, { offer: initiate }), { offer }))
  await Promise.all([trickle(caller, a, offer, callee, b), trickle(callee, b, answer, caller, a)])
  await Promise.all([flows(caller, a), flows(callee, b)])
}

/** Brings a browser's candidates to the other by transport-info. */
async function trickle(from, pc, described, to, other) {
  const { candidates } = await from.gathered(pc)
  const info = await convert(JSON.stringify(candidates), { offer: described })
  await to.trickled(other, candidatesOf(await convert(info)))
}

/** Like Dino, that knows no BUNDLE, calls its contents by their media and has one codec for each. */
const likeDino = initiate => oneCodec(ownNames(ungrouped(jingleOf(initiate)))).toString()

/** A call in which all candidates are in the descriptions; change is what the other side makes of our session-initiate. */
async function gathered(caller, callee, change) {
  const { pc: a } = await caller.offer(LINES)
  const { sdp: offer } = await caller.gathered(a)
  const initiate = change(await convert(offer, { action: 'session-initiate' }))
  const { pc: b } = await callee.hear(await convert(initiate))
  const { sdp: answer } = await callee.gathered(b)
  await caller.answered(a, await convert(await convert(answer, { offer: initiate }), { offer }))
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
      it(callee.name, () => trickling(caller, callee, LINES))
      it(`${callee.name}, with simulcast`, () => trickling(caller, callee, SIMULCAST))
      it(`${callee.name}, without BUNDLE, with other names and one codec each`, () => gathered(caller, callee, likeDino))
    }
  })
}
