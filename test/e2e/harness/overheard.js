// What the XMPP users of a stage heard of the bridge and told it, kept in a file, for the readers of all XMPP clients to
// judge (internal/readers): stanza.js and slixmpp are here, but what the bridge says must please those that are not.

import { execFile } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const JINGLE = /urn:xmpp:jingle(-message)?:/
const run = promisify(execFile)

export class Overheard {
  constructor(file, component) {
    const jid = `=["'](?:(?:[^"'@]*@)?${component.replaceAll('.', '\\.')}[/"']|[^"']*/jinglebridge-)` // of a name, of an account's page
    Object.assign(this, { file, ours: new RegExp(` from${jid}`), theirs: new RegExp(` to${jid}`), some: false })
  }

  /** Notes what somebody said and heard so far; whoever has no stanzas, or is gone, said nothing. */
  async take(person) {
    const stanzas = await Promise.resolve(person.overheard?.()).catch(() => []) ?? []
    const lines = stanzas.filter(({ direction, xml }) => this.#isCall(direction, xml)).map(({ direction, xml }) =>
      `${direction} ${signed(xml, person.address).replaceAll('\n', ' ')}\n`)
    if (lines.length === 0) return
    this.some = true
    await appendFile(this.file, lines.join(''))
  }

  #isCall(direction, xml) {
    const tag = xml.slice(0, xml.indexOf('>') + 1)
    return JINGLE.test(xml) && (direction === 'in' ? this.ours : this.theirs).test(tag)
  }

  /** Fails with the objections that there are. */
  async judge() {
    if (!this.some) return
    try {
      await run('go', ['run', './internal/readers/check', this.file], { cwd: TOP, maxBuffer: 1 << 26 })
    } catch (err) {
      throw new Error(`what the bridge said in these tests:\n${err.stdout}${err.stderr}`)
    }
  }
}

/** A stanza with its sender, which clients leave to their server. */
function signed(xml, address) {
  return / from=/.test(xml.slice(0, xml.indexOf('>'))) ? xml : xml.replace(/^<(\w+)/, `<$1 from="${address}"`)
}
