// A private ejabberd: its own ports on loopback, its own data, its own accounts. Without Erlang's distribution, so that
// it needs no epmd. It takes some seconds to start.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { certify } from './certificate.js'
import { freePorts } from './ports.js'
import { Program } from './program.js'

const READY_MS = 40_000
const READY = 'all accounts are registered'
const LIBRARIES = '/usr/lib/x86_64-linux-gnu' // where Debian keeps ejabberd's

const config = ({ domain, component, secret, ports, certificate }) => `
hosts: ["${domain}"]
loglevel: info
auth_method: internal
certfiles: ["${certificate.file}", "${certificate.key}"]
listen:
  - port: ${ports.c2s}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls: true
  - port: ${ports.link}
    ip: "127.0.0.1"
    module: ejabberd_service
    global_routes: false
    hosts:
      "${component}":
        password: "${secret}"
modules:
  mod_roster: {}
  mod_disco: {}
  mod_ping: {}
  mod_carboncopy: {}
  mod_blocking: {}
  mod_privacy: {}
  mod_caps: {}
  mod_stream_mgmt: {}
`

export class Ejabberd {
  constructor(settings) { Object.assign(this, settings) }

  /** Starts a server for domain with the accounts {name: password} and one component, call.DOMAIN. */
  static async start({ dir, domain, secret, accounts }) {
    const [c2s, link] = await freePorts(2)
    const certificate = await certify(dir, domain)
    const server = new Ejabberd({ dir, accounts, domain, certificate, ports: { c2s, link } })
    await mkdir(join(dir, 'spool'), { recursive: true })
    await writeFile(join(dir, 'ejabberd.yml'), config({ domain, component: `call.${domain}`, secret, ports: server.ports, certificate }))
    await server.up()
    return server
  }

  async up() {
    const register = Object.entries(this.accounts).map(([name, password]) =>
      `ejabberd_auth:try_register(<<"${name}">>, <<"${this.domain}">>, <<"${password}">>), `).join('')
    this.program = new Program('ejabberd', 'erl', [
      '-noinput', '-mnesia', 'dir', `"${join(this.dir, 'spool')}"`, '-s', 'ejabberd', '-eval', `${register}io:format("~n${READY}~n").`,
    ], {
      cwd: this.dir,
      env: {
        ...process.env, HOME: this.dir, ERL_LIBS: LIBRARIES, EJABBERD_CONFIG_PATH: join(this.dir, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: join(this.dir, 'ejabberd.log'), SPOOL_DIR: join(this.dir, 'spool'),
      },
    })
    await this.program.line('accounts', line => line.includes(READY), { ms: READY_MS })
  }

  kill() { return this.program.stop('SIGKILL') }
  stop() { return this.program.stop('SIGTERM') }

  tail(lines) { return this.program.tail(lines) }
}
