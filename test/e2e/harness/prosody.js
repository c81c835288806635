// A private Prosody: its own ports on loopback, its own data, its own accounts.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { certify } from './certificate.js'
import { freePorts } from './ports.js'
import { Program } from './program.js'

const CONFIG = join(dirname(fileURLToPath(import.meta.url)), '../../../scripts/prosody.cfg.lua')
const READY_MS = 15_000

export class Prosody {
  /** Starts a server for domain with the accounts {name: password} and one component, call.DOMAIN. */
  static async start({ dir, domain, secret, accounts }) {
    let last
    const certificate = await certify(dir, domain) // accounts log in with TLS, where they are asked to
    for (let attempt = 0; attempt < 3; attempt++) {
      const [c2s, link, http] = await freePorts(3)
      const prosody = new Prosody({ dir, domain, secret, certificate, ports: { c2s, link, http } })
      await prosody.register(accounts)
      try {
        await prosody.up()
        return prosody
      } catch (err) { // another process took a port meanwhile
        last = err
        await prosody.kill()
      }
    }
    throw last
  }

  constructor(settings) {
    Object.assign(this, { config: CONFIG, data: join(settings.dir, 'data') }, settings)
    this.program = null
    this.past = []
  }

  get websocket() { return `ws://127.0.0.1:${this.ports.http}/xmpp-websocket` }

  /** Makes these accounts, as prosodyctl would. */
  async register(accounts) {
    // Dots and other special characters in data paths are %-escaped by Prosody.
    const folder = this.domain.replace(/[^A-Za-z0-9]/g, c => `%${c.charCodeAt(0).toString(16)}`)
    const store = join(this.data, folder, 'accounts')
    await mkdir(store, { recursive: true })
    for (const [name, password] of Object.entries(accounts)) {
      await writeFile(join(store, `${name}.dat`), `return { ["password"] = ${JSON.stringify(password)} };\n`)
    }
  }

  #environment() {
    const { c2s, link, http } = this.ports
    return {
      ...process.env, DATA: this.data, CERTS: this.dir, DOMAIN: this.domain, SECRET: this.secret,
      C2S_PORT: String(c2s), COMPONENT_PORT: String(link), HTTP_PORT: String(http),
    }
  }

  /** Starts the process on the same ports and data as before. */
  async up() {
    if (this.program) this.past.push(...this.program.log)
    this.program = new Program('prosody', 'prosody', ['-F', '--config', this.config], { env: this.#environment() })
    await Promise.all(Object.values(this.ports).map(port =>
      this.program.line(`port ${port}`, line => line.includes('Activated service') && line.endsWith(`:${port}`), { ms: READY_MS })))
  }

  /** Kills it as a crash would: nobody is told anything. */
  kill() { return this.program.stop('SIGKILL') }
  stop() { return this.program.stop('SIGTERM') }

  tail(lines) { return this.program.tail(lines) }
}
