// Our translator as people have it: the command. What it says of a description is what the bridge makes of it.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const run = promisify(execFile)

const dir = mkdtempSync(join(tmpdir(), 'judge-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))

let binary
let files = 0

/** The program that BRIDGE_BINARY names; built once when it names none. */
async function build() {
  if (process.env.BRIDGE_BINARY) return process.env.BRIDGE_BINARY
  const built = join(dir, 'jinglebridge')
  await run('go', ['build', '-o', built, './cmd/jinglebridge'], { cwd: TOP })
  return built
}

/**
 * Translates SDP to Jingle, or Jingle to SDP; offer is what the input answers, in either language.
 * Rejects with what the command says on its standard error.
 */
export async function convert(input, { offer, action } = {}) {
  binary ??= build()
  const args = ['convert']
  if (action) args.push('--action', action)
  if (offer) {
    const file = join(dir, `offer-${files++}`)
    await writeFile(file, offer)
    args.push('--offer', file)
  }
  const running = run(await binary, args, { timeout: 10_000 })
  running.child.stdin.on('error', () => {}) // it ended without reading all; its words say why
  running.child.stdin.end(input)
  const { stdout } = await running.catch(error => { throw new Error(`convert: ${error.stderr.trim() || error.message}`) })
  return stdout
}
