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
let check
let files = 0

/** Builds a command of ours. */
async function build(name) {
  const built = join(dir, name.replaceAll('/', '-'))
  await run('go', ['build', '-o', built, `./${name}`], { cwd: TOP })
  return built
}

async function kept(text) {
  const file = join(dir, String(files++))
  await writeFile(file, text)
  return file
}

/**
 * Translates SDP to Jingle, or Jingle to SDP; offer is what the input answers, in either language.
 * Rejects with what the command says on its standard error.
 */
export async function convert(input, { offer, action } = {}) {
  binary ??= process.env.BRIDGE_BINARY ?? build('cmd/jinglebridge')
  const args = ['convert']
  if (action) args.push('--action', action)
  if (offer) args.push('--offer', await kept(offer))
  const running = run(await binary, args, { timeout: 10_000 })
  running.child.stdin.on('error', () => {}) // it ended without reading all; its words say why
  running.child.stdin.end(input)
  const { stdout } = await running.catch(error => { throw new Error(`convert: ${error.stderr.trim() || error.message}`) })
  return stdout
}

/** Asks the readers of all XMPP clients (internal/readers) about a <jingle/>; rejects with their objections. */
export async function readable(xml) {
  check ??= build('internal/readers/check')
  const file = await kept(`in ${xml.replaceAll('\n', ' ')}\n`)
  await run(await check, [file], { timeout: 10_000 }).catch(({ stdout, stderr }) => { throw new Error(stdout + stderr) })
}
