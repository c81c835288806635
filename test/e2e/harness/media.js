// Assertions about media that flows, by the browsers' own counters.

import assert from 'node:assert/strict'
import { until } from './wait.js'

const WANTED = {
  'unplayed audio': ['audio packets sent', 'audio packets received'], // a page that plays no sound decodes none
  audio: ['audio packets sent', 'audio packets received', 'audio samples decoded'],
  video: ['video packets sent', 'video packets received', 'video frames encoded', 'video frames decoded'],
}

const sample = page => page.evaluate(() => globalThis.mediaCounters())

/** Waits until every counter of these kinds of media has grown in every page, twice: a single packet is no call. */
export async function flows(pages, kinds, ms = 15_000) {
  await Promise.all(pages.map(async ({ name, page }) => {
    const wanted = kinds.flatMap(kind => WANTED[kind])
    const first = await until(`${name}: connected media`, async () => {
      const now = await sample(page)
      return now?.state === 'connected' && wanted.every(key => now.counters[key] > 0) ? now : null
    }, ms).catch(async err => { throw new Error(`${err.message}; has ${JSON.stringify(await sample(page))}`) })
    await grows({ name, page }, wanted, first.counters, ms)
  }))
}

async function grows({ name, page }, wanted, from, ms) {
  let still
  await until(`${name}: growing counters`, async () => {
    const now = await sample(page)
    still = wanted.filter(key => !(now?.counters[key] > from[key]))
    return still.length === 0
  }, ms).catch(err => { throw new Error(`${err.message}; stuck: ${still.join(', ')}`) })
}

/** Asserts that these kinds are not part of the call at all. */
export async function without({ name, page }, kind) {
  const now = await sample(page)
  assert.deepEqual(Object.keys(now.counters).filter(key => key.startsWith(kind)), [], `${name} has ${kind}`)
}

/** Asserts that DTLS ties each page to the other, and to nobody else. */
export async function paired(a, b) {
  const [left, right] = await Promise.all([a, b].map(p => p.page.evaluate(() => globalThis.fingerprints())))
  assert.deepEqual(left.remote, right.local, `${a.name} is not connected to ${b.name}`)
  assert.deepEqual(right.remote, left.local, `${b.name} is not connected to ${a.name}`)
}
