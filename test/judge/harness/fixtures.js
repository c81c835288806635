// The real descriptions that the translator is tested with: jingle/testdata, all of it.

import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { contentsOf, jingleOf, linesOf } from './descriptions.js'

const TESTDATA = join(dirname(fileURLToPath(import.meta.url)), '../../../jingle/testdata')

const read = file => readFileSync(join(TESTDATA, file), 'utf8')

/** What clients wrote with this action: {name, xml}. */
function written(action) {
  return readdirSync(join(TESTDATA, 'jingle')).filter(file => file.endsWith('.xml'))
    .map(file => ({ name: file.slice(0, -'.xml'.length), xml: read(`jingle/${file}`) }))
    .filter(({ xml }) => jingleOf(xml).getAttribute('action') === action)
}

export const clientOffers = () => written('session-initiate')

/** Accepts of clients: {name, xml, lines, role}, with the m-lines of the offer that each answers and the browser's role in its words. */
export function clientAnswers() {
  const offers = new Map(browserOffers().map(({ name, sdp }) => [scene(name), linesOf(sdp)]))
  return written('session-accept').map(({ name, xml }) => ({
    name, xml,
    lines: offers.get(before(scene(name))) ?? asked(xml),
    // COMPAT Movim 0.34: whoever writes is the initiator.
    role: name.startsWith('movim-') ? 'responder' : 'initiator',
  }))
}

/** What stands behind client and version: "hold.02-offer". */
const scene = name => name.split('.').slice(-2).join('.')

/** The offer before an answer, by its number: "hold.02-offer" for "hold.03-answer". */
const before = answer => answer.replace(/(\d+)-answer$/, (_, number) => `${String(number - 1).padStart(2, '0')}-offer`)

/** Without the offer of its scene an accept was asked for what it accepts, both ways. */
const asked = xml => contentsOf(jingleOf(xml)).map(({ kind }) => ({ kind, direction: 'sendrecv' }))

function described(kind) {
  return readdirSync(join(TESTDATA, 'sdp')).filter(file => file.includes(kind) && file.endsWith('.sdp')).sort()
    .map(file => ({ name: file.slice(0, -'.sdp'.length), sdp: read(`sdp/${file}`) }))
}

/** What browsers and Pion offered: {name, sdp}. */
export const browserOffers = () => described('-offer')

/** Client, version and scene, without the step. */
const stem = name => name.slice(0, name.lastIndexOf('.'))

/** What they answered, and the offer last made before in the same scene: {name, sdp, offer}. */
export function browserAnswers() {
  const offers = browserOffers()
  return described('-answer').map(answer => ({
    ...answer,
    offer: offers.filter(({ name }) => stem(name) === stem(answer.name) && name < answer.name).at(-1).sdp,
  }))
}

/** Scenes in which more than one offer was answered: {name, steps: [{offer, answer}]}. */
export function browserScenes() {
  const scenes = {}
  for (const { name, sdp, offer } of browserAnswers()) (scenes[stem(name)] ??= []).push({ offer, answer: sdp })
  return Object.entries(scenes).map(([name, steps]) => ({ name, steps }))
    .filter(({ steps }) => steps.some(({ offer }) => offer !== steps[0].offer))
}
