// Media flows between every two browsers when each hears of the other only what went through Jingle, candidates too.

import { afterEach, describe, it } from 'node:test'
import { until } from '../e2e/harness/wait.js'
import { judges } from './harness/browsers.js'
import { convert } from './harness/convert.js'
import { candidatesOf, jingleOf } from './harness/descriptions.js'
import { oneCodec, ownNames, ownNumbers, ungrouped } from './harness/changes.js'

const LINES = [{ kind: 'audio', direction: 'sendrecv' }, { kind: 'video', direction: 'sendrecv' }]
const SIMULCAST = LINES.map(line => (line.kind === 'video' ? { ...line, layers: ['high', 'low'] } : line))
const AUDIO = ['audio sent', 'audio received']
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

/** Another codec number for each that we offer: what is sent to it has to carry those. */
const numbersOfItsOwn = initiate => ownNumbers(oneCodec(jingleOf(initiate))).toString()

/** A call in which all candidates are in the descriptions; change is what the other side makes of our session-initiate. */
async function gathered(caller, callee, change, lines = LINES) {
  const { pc: a } = await caller.offer(lines)
  const { sdp: offer } = await caller.gathered(a)
  const initiate = change(await convert(offer, { action: 'session-initiate' }))
  const { pc: b } = await callee.hear(await convert(initiate))
  const { sdp: answer } = await callee.gathered(b)
  await caller.answered(a, await convert(await convert(answer, { offer: initiate }), { offer }))
  return [a, b]
}

/** Both hear and see each other. */
async function both(caller, callee, change) {
  const [a, b] = await gathered(caller, callee, change)
  await Promise.all([flows(caller, a), flows(callee, b)])
}

/** The callee is sent what it asked for. What it sends carries the numbers that it was told, which were changed here: the caller cannot read it. */
async function heardByCallee(caller, callee, change) {
  const [, b] = await gathered(caller, callee, change)
  await flows(callee, b, COUNTERS.filter(name => !name.endsWith('sent')))
}

/** A page that bundles all or nothing, and somebody who does not bundle. */
async function maxBundle(caller, callee, change) {
  await caller.bundle('max-bundle')
  await callee.bundle('max-bundle')
  const [a, b] = await gathered(caller, callee, change, LINES.slice(0, 1))
  await Promise.all([flows(caller, a, AUDIO), flows(callee, b, AUDIO)])
}

/** Waits until every counter has grown from where it was when all had begun: a single packet is no call. */
async function flows(judge, pc, counters = COUNTERS) {
  let now
  const all = async test => {
    now = await judge.counters(pc)
    return counters.every(name => test(now.counters[name], name)) && now
  }
  const media = (what, test) => until(`${judge.name}: ${what}`, () => all(test), 15_000)
    .catch(error => { throw new Error(`${error.message}; has ${JSON.stringify(now)}`) })
  const begun = await media('media', count => count > 0)
  await media('more media', (count, name) => count > begun.counters[name] + 5)
}

const all = judges()
for (const caller of all) {
  describe(`${caller.name} calls`, () => {
    afterEach(() => Promise.all(all.flatMap(judge => [judge.close(), judge.bundle('balanced')])))

    for (const callee of all) {
      it(callee.name, () => trickling(caller, callee, LINES))
      it(`${callee.name}, with simulcast`, () => trickling(caller, callee, SIMULCAST))
      it(`${callee.name}, without BUNDLE, with other names and one codec each`, () => both(caller, callee, likeDino))
      it(`${callee.name}, in a page with max-bundle, without BUNDLE`, () => maxBundle(caller, callee, likeDino))
      it(`${callee.name}, which numbers codecs otherwise`, () => heardByCallee(caller, callee, numbersOfItsOwn))
    }
  })
}
