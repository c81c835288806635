// A private Prosody: its own ports on loopback, its own data, its own accounts.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './ports.js'
import { Program } from './program.js'

const READY_MS = 15_000

export class Prosody {
  /** Starts a server for domain with the accounts {name: password} and one component. */
  static async start({ dir, domain, component, secret, accounts }) {
    let last
    for (let attempt = 0; attempt < 3; attempt++) {
      const [c2s, link, http] = await freePorts(3)
      const prosody = new Prosody({ dir, domain, component, secret, ports: { c2s, link, http } })
      await prosody.#write(accounts)
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
    Object.assign(this, settings)
    this.program = null
    this.past = []
  }

  get websocket() { return `ws://127.0.0.1:${this.ports.http}/xmpp-websocket` }

  async #write(accounts) {
    this.data = join(this.dir, 'data')
    this.config = join(this.dir, 'prosody.cfg.lua')
    // Dots and other special characters in data paths are %-escaped by Prosody.
    const folder = this.domain.replace(/[^A-Za-z0-9]/g, c => `%${c.charCodeAt(0).toString(16)}`)
    const store = join(this.data, folder, 'accounts')
    await mkdir(store, { recursive: true })
    for (const [name, password] of Object.entries(accounts)) {
      await writeFile(join(store, `${name}.dat`), `return { ["password"] = ${JSON.stringify(password)} };\n`)
    }
    await writeFile(this.config, this.#lua())
  }

  #lua() {
    const { c2s, link, http } = this.ports
    return `
run_as_root = true -- the test may be root; without it Prosody refuses to start then
data_path = ${JSON.stringify(this.data)}
pidfile = ${JSON.stringify(join(this.dir, 'prosody.pid'))}
log = { { levels = { min = "info" }, to = "console" } }
authentication = "internal_plain"
modules_enabled = { "roster", "saslauth", "disco", "carbons", "ping", "smacks", "time", "version", "websocket" }
modules_disabled = { "s2s", "offline" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ${c2s} }
component_ports = { ${link} }
http_ports = { ${http} }
https_ports = {}
http_default_host = ${JSON.stringify(this.domain)}
consider_websocket_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
VirtualHost ${JSON.stringify(this.domain)}
Component ${JSON.stringify(this.component)}
    component_secret = ${JSON.stringify(this.secret)}
    component_conflict_resolve = "kick_old"
`
  }

  /** Starts the process on the same ports and data as before. */
  async up() {
    if (this.program) this.past.push(...this.program.log)
    this.program = new Program('prosody', 'prosody', ['-F', '--config', this.config])
    await Promise.all(Object.values(this.ports).map(port =>
      this.program.line(`port ${port}`, line => line.includes('Activated service') && line.includes(`:${port}`), { ms: READY_MS })))
  }

  /** Kills it as a crash would: nobody is told anything. */
  kill() { return this.program.stop('SIGKILL') }
  stop() { return this.program.stop('SIGTERM') }

  tail(lines) { return this.program.tail(lines) }
}
