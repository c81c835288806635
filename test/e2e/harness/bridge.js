// The bridge itself, as an operator runs it: the built program with a configuration file.

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts } from './ports.js'
import { Program } from './program.js'
import { until } from './wait.js'

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const run = promisify(execFile)

// The tests make more calls and logins a minute, from one address, than people do.
const MANY = {
  new_calls_per_target: 1000, new_calls_per_session: 1000, new_calls_per_addr: 1000, rings_per_caller: 1000, logins_per_minute: 1000,
}

// The listeners of [tutorial], each for one kind of page.
const TUTORIALS = ['learning_webrtc', 'tutorialspoint', 'brave', 'codelab']

/** Builds the program into dir, or takes the one BRIDGE_BINARY names. */
async function build(dir) {
  if (process.env.BRIDGE_BINARY) return process.env.BRIDGE_BINARY
  const binary = join(dir, 'jinglebridge')
  await run('go', ['build', '-o', binary, './cmd/jinglebridge'], { cwd: TOP })
  return binary
}

const toml = value => Array.isArray(value) ? `[${value.map(toml).join(', ')}]` : JSON.stringify(value)

/** The file: a section is a table, or a list of them. */
function render(config) {
  const table = (head, keys) => `${head}\n` + Object.entries(keys).map(([key, value]) => `${key} = ${toml(value)}\n`).join('')
  return Object.entries(config).flatMap(([section, keys]) =>
    Array.isArray(keys) ? keys.map(each => table(`[[${section}]]`, each)) : table(`[${section}]`, keys)).join('\n')
}

/** Merges b over a, section by section. */
function merge(a, b) {
  const merged = { ...a }
  for (const [section, keys] of Object.entries(b)) merged[section] = Array.isArray(keys) ? keys : { ...a[section], ...keys }
  return merged
}

export class Bridge {
  /**
   * Starts the bridge on the Prosody at port server of loopback; config goes over the defaults of the tests. tutorial, keys of
   * that section, has it listen for each kind of page, too.
   */
  static async start({ dir, component, server, secret, config, tutorial }) {
    const binary = await build(dir)
    let last
    for (let attempt = 0; attempt < 3; attempt++) {
      const kinds = tutorial ? TUTORIALS : []
      const [web, admin, ...more] = await freePorts(2 + kinds.length)
      const bridge = new Bridge()
      Object.assign(bridge, { dir, binary, secret, ports: { web, admin, ...Object.fromEntries(kinds.map((kind, i) => [kind, more[i]])) } })
      const listeners = Object.fromEntries(kinds.map(kind => [kind, `127.0.0.1:${bridge.ports[kind]}`]))
      bridge.file = join(dir, 'config.toml')
      bridge.defaults = {
        xmpp: { domain: component, server: `tcp://127.0.0.1:${server}` },
        listen: { address: `127.0.0.1:${web}`, origins: ['*'] },
        admin: { address: `127.0.0.1:${admin}` },
        auth: { anonymous: true },
        log: { level: 'debug', format: 'text' },
        limits: MANY,
        ...(tutorial && { tutorial: { ...listeners, ...tutorial } }),
      }
      await bridge.configure(config)
      try {
        await bridge.up()
        return bridge
      } catch (err) { // another process took a port meanwhile
        last = err
        await bridge.kill()
      }
    }
    throw last
  }

  get url() { return `http://127.0.0.1:${this.ports.web}/` }
  get websocket() { return `ws://127.0.0.1:${this.ports.web}/` }

  /** Where the pages of a tutorial find it: 'codelab', 'brave', with scheme ws 'learning_webrtc', 'tutorialspoint'. */
  listener(kind, scheme = 'http') { return `${scheme}://127.0.0.1:${this.ports[kind]}/` }

  /** Writes its configuration, which counts from the next start on. */
  configure(config) { return writeFile(this.file, render(merge(this.defaults, config))) }

  async up() {
    this.program = new Program('bridge', this.binary, ['serve', '--config', this.file], {
      env: { ...process.env, JINGLEBRIDGE_XMPP_SECRET: this.secret },
    })
    await this.ready()
  }

  /** Waits until it is attached to the XMPP server. */
  ready(ms = 10_000) {
    const { program } = this
    const ended = program.exited.then(() => { throw new Error(`the bridge ended:\n${program.tail(20)}`) })
    return Promise.race([until('a ready bridge', () => !program.alive || this.isReady(), ms), ended])
  }

  /** Whether it is attached to the XMPP server just now. */
  async isReady() { return (await fetch(`http://127.0.0.1:${this.ports.admin}/readyz`)).ok }

  async metrics() {
    return (await fetch(`http://127.0.0.1:${this.ports.admin}/metrics`)).text()
  }

  kill() { return this.program.stop('SIGKILL') }
  stop() { return this.program.stop('SIGTERM') }

  tail(lines) { return this.program.tail(lines) }
}
