// What README.md and docs/operating.md tell an operator to write into the configuration of Prosody and of ejabberd, taken
// out of them as it stands: the bridge attaches, and accounts log in and hear of each other's calls.

import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'node:test'
import { certify } from './harness/certificate.js'
import { Ejabberd } from './harness/ejabberd.js'
import { JSONClient } from './harness/jsonclient.js'
import { freePorts } from './harness/ports.js'
import { Prosody } from './harness/prosody.js'
import { Town } from './harness/town.js'
import { until } from './harness/wait.js'

const DOMAIN = 'example.org'
const PASSWORDS = { juliet: 'capulet', romeo: 'montague' }
const SECRET = '"…"'
const MISTYPED = 3 // passwords, which is more than ejabberd takes here from any address but the bridge's

/** The first block in this language of a file of the project, with its names for what differs here. */
async function snippet(file, language, values) {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
  const block = text.match(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm'))?.[1]
  assert.ok(block, `${file} has no ${language}`)
  return Object.entries(values).reduce((config, [theirs, ours]) => {
    assert.ok(config.includes(theirs), `${file} does not say ${theirs}`)
    return config.replace(theirs, ours)
  }, block)
}

/** A server that is configured by the documents, and by what has to be private to a test. */
const documented = Server => class extends Server {
  static get name() { return Server.name }

  static async start({ dir, secret }) {
    const [c2s, link] = await freePorts(2)
    const ports = { c2s, link }, certificate = await certify(dir, DOMAIN)
    const server = new this({ dir, domain: DOMAIN, secret, certificate, ports, accounts: PASSWORDS })
    await server.configure()
    try {
      await server.up()
    } catch (err) {
      await server.kill()
      throw err
    }
    return server
  }
}

class DocumentedProsody extends documented(Prosody) {
  async configure() {
    const { dir, domain, secret, ports } = this
    await this.register(PASSWORDS)
    this.config = join(dir, 'documented.cfg.lua')
    await writeFile(this.config, `
run_as_root = true
data_path = ${JSON.stringify(this.data)}
pidfile = ${JSON.stringify(join(dir, 'pid'))}
certificates = ${JSON.stringify(dir)}
log = { { levels = { min = "info" }, to = "console" } }
modules_disabled = { "s2s" }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
component_ports = { ${ports.link} }
http_ports = {}
https_ports = {}
${await snippet('docs/operating.md', 'lua', {})}
VirtualHost "${domain}"
${await snippet('README.md', 'lua', { [SECRET]: JSON.stringify(secret) })}`)
  }
}

class DocumentedEjabberd extends documented(Ejabberd) {
  async configure() {
    const { dir, domain, secret, ports, certificate } = this
    await mkdir(join(dir, 'spool'), { recursive: true })
    await writeFile(join(dir, 'ejabberd.yml'), `
hosts: ["${domain}"]
certfiles: ["${certificate.file}", "${certificate.key}"]
${await snippet('docs/operating.md', 'yaml', { 'access: from_bridge': `access: from_bridge\n    c2s_max_auth_failures: ${MISTYPED - 1}` })}
${await snippet('README.md', 'yaml', { [SECRET]: JSON.stringify(secret), 5347: ports.link })}
  - port: ${ports.c2s}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls_required: true
`)
  }
}

/**
 * One calls all pages of another. A page knows that it is logged in a moment before its server has its presence, without
 * which nothing rings there; then this fails, and can be tried again.
 */
async function rings(caller, pages) {
  const call = `call-${++calls}`
  await caller.asks({ type: 'invite', name: pages[0].name, call, media: ['audio'] })
  try {
    return await Promise.all(pages.map(page => page.inbox.find('the call', m => m.type === 'invite', 1_000)))
  } catch (err) {
    caller.send({ type: 'leave', call })
    throw err
  }
}

let calls = 0

describe('documented configurations', { concurrency: 2 }, () => {
  for (const Server of [DocumentedProsody, DocumentedEjabberd]) {
    describe(Server.name, { concurrency: 1 }, () => {
      const town = Town.forSuite(Server, ({ ports, certificate }) => ({
        xmpp: { domain: `call.${DOMAIN}` },
        account: [{ domain: DOMAIN, server: `127.0.0.1:${ports.c2s}`, ca_file: certificate.file }],
      }))
      const page = name => town.page(`${name}@${DOMAIN}`, { caps: ['invite', 'roster'], password: PASSWORDS[name] })

      town.scene('accounts call each other, and one device of two stops ringing', async () => {
        const [romeo, one, two] = await Promise.all([page('romeo'), page('juliet'), page('juliet')])
        const [invite] = await until('both to ring', () => rings(romeo, [one, two]))
        one.send({ type: 'accept', name: romeo.name, call: invite.call })
        await romeo.inbox.find('the yes', m => m.type === 'accept')
        await two.inbox.find('the end', m => m.type === 'leave' && m.reason === 'elsewhere')
      })

      town.scene('wrong passwords of some do not shut out the others', async () => {
        const visitor = town.enter(await JSONClient.connect(town.bridge.websocket, 'visitor'))
        for (let i = 0; i < MISTYPED; i++) {
          const { code } = await visitor.login({ v: 1, name: `juliet@${DOMAIN}`, password: `capulet${i}` })
          assert.equal(code, 'auth-failed')
        }
        await page('romeo')
      })
    })
  }
})
