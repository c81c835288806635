// The demo, as somebody who just cloned the repository sees it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { Browser } from '../e2e/harness/browser.js'
import { CallPage } from '../e2e/harness/callpage.js'
import { flows } from '../e2e/harness/media.js'
import { Visitor } from '../e2e/harness/visitor.js'
import { until, within } from '../e2e/harness/wait.js'
import { XMPPUser } from '../e2e/harness/xmppuser.js'

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Starts scripts/demo as a terminal does, in a process group of its own, and waits until it says how to stop it. */
async function start() {
  const child = spawn('bash', ['scripts/demo'], { cwd: TOP, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const demo = { child, text: '', exited: new Promise(resolve => child.once('close', (code, signal) => resolve(signal ?? code))) }
  process.once('exit', () => { try { process.kill(-child.pid, 'SIGTERM') } catch {} })
  child.stderr.on('data', data => { demo.text += data })
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      demo.text += line + '\n'
      if (line.startsWith('Ctrl-C ends')) resolve()
    })
    demo.exited.then(how => reject(new Error(`the demo ended with ${how}:\n${demo.text}`)))
  })
  await within(180_000, 'starting the demo', ready)
  demo.url = name => demo.text.match(new RegExp(`${name}\\s+(http://127\\.0\\.0\\.1:\\d+/\\S*)`))?.[1]
  return demo
}

/** Ends it as Ctrl-C does: the whole group gets the signal. */
async function interrupt(demo) {
  process.kill(-demo.child.pid, 'SIGINT')
  return within(20_000, 'ending the demo', demo.exited)
}

/** Processes that still know the demo's folder. */
function leftovers(dir) {
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid)).filter(pid => {
    try {
      return ['cmdline', 'environ'].some(file => readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(dir))
    } catch {
      return false // it has ended meanwhile
    }
  })
}

function login(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    socket.once('error', reject)
    socket.once('open', () => socket.send('{"type":"login","name":"ann"}'))
    socket.once('message', data => { socket.close(); resolve(String(data)) })
  })
}

/** The addresses that the pages of the four tutorials have, as printed: each answers in its own language. */
async function tutorials(text) {
  const printed = name => {
    const url = text.match(new RegExp(`${name}\\s+((?:ws|http)://localhost:\\d+)`))?.[1]
    assert.ok(url, `no address of ${name} in:\n${text}`)
    return url
  }
  for (const name of ['Learning WebRTC', 'tutorialspoint, ryzhak']) {
    assert.equal(await login(printed(name)), '{"type":"login","success":true}', name)
  }
  for (const name of ['WebRTC for the Brave', "Google's codelab"]) {
    const opened = await fetch(`${printed(name)}/socket.io/?EIO=4&transport=polling`)
    assert.match(await opened.text(), /^0\{"sid":"/, name)
  }
  assert.match(await (await fetch(`${printed("Google's codelab")}/`)).text(), /<html|<!doctype/i)
}

/** What the demo proposes to try, in the order in which it says so. */
async function tryAll(demo, browser) {
  const password = name => demo.text.match(new RegExp(`${name}@localhost\\s+password (\\S+)`))[1]
  const romeo = await XMPPUser.open(browser, demo.url("XMPP user's page"), { name: 'romeo', domain: 'localhost', password: password('romeo') })
  await talks(demo, browser, romeo)
  await knows(demo, browser, romeo)
  await isNurse(demo, browser, romeo, password('nurse'))
  await visits(demo, browser, romeo)
}

/** Juliet on the call page and romeo on the XMPP user's page talk. */
async function talks(demo, browser, romeo) {
  const juliet = await CallPage.open(browser, demo.url('Call page'), 'juliet')
  await romeo.sees('juliet@call.localhost', 'audio video')
  await juliet.sees('romeo@localhost')
  await juliet.call('romeo@localhost')
  await romeo.answer()
  await flows([juliet, romeo], ['audio'])
  await juliet.context.close()
}

/** Romeo adds foo: each sees the other come, talk, go away, also after the bridge has restarted. */
async function knows(demo, browser, romeo) {
  const foo = 'foo@call.localhost'
  await romeo.add(foo)
  await romeo.accepted(foo)
  const page = await CallPage.open(browser, demo.url('Call page'), 'foo')
  const seen = async (there, theirs) => {
    await romeo.shows(foo, there)
    await page.shows('romeo@localhost', theirs)
  }
  await seen({ show: 'available' }, 'Online')
  await romeo.call(foo)
  await page.answer()
  await flows([page, romeo], ['audio'])
  await seen({ show: 'dnd', status: 'on a call' }, 'On a call')
  await romeo.hangUp()
  await page.is('ended')
  for (const restarted of [false, true]) {
    if (restarted) await restart(demo)
    await romeo.present('')
    await page.present('available')
    await seen({ show: 'available' }, 'Online')
    await romeo.present('away')
    await page.present('away')
    await seen({ show: 'away' }, 'Away')
  }
  await page.context.close()
  await romeo.sees(foo, undefined)
}

/** The page that is nurse@localhost is called by romeo. */
async function isNurse(demo, browser, romeo, password) {
  const nurse = await CallPage.open(browser, demo.url('Call page'), 'nurse@localhost', password)
  await romeo.call('nurse@localhost')
  await nurse.answer()
  await flows([nurse, romeo], ['audio'])
  await nurse.hangUp()
  await romeo.ended('success')
  await nurse.context.close()
}

/** A visitor rings romeo. */
async function visits(demo, browser, romeo) {
  const visitor = await Visitor.open(browser, demo.url('Call page'), 'frontdoor', 'Anna')
  assert.equal(visitor.page.url(), demo.url("Visitors' page"))
  await visitor.ring()
  await romeo.answer()
  await flows([visitor, romeo], ['audio'])
  await visitor.hangUp()
  await romeo.ended('success')
}

/** Restarts the bridge as the demo says one can. */
async function restart(demo) {
  process.kill(demo.child.pid, 'SIGUSR1')
  await until('the bridge to be back', () => demo.text.includes('the bridge has restarted'), 20_000)
}

test('the demo runs, answers, and leaves nothing behind', { timeout: 300_000 }, async () => {
  // Somebody is on its first choice of a port already, if nobody else is.
  const guest = createServer().on('error', () => {}).listen(8080, '127.0.0.1')
  const demo = await start()
  try {
    const page = demo.url('Call page')
    const user = demo.url("XMPP user's page")
    assert.ok(page && user, demo.text)
    assert.notEqual(new URL(page).port, '8080', 'took a port that was taken')
    for (const url of [page, user]) assert.match(await (await fetch(url)).text(), /<html|<!doctype/i)
    assert.equal(await login(page), '{"type":"login","success":true}')

    await tutorials(demo.text)
    const browser = await Browser.start()
    try {
      await tryAll(demo, browser)
    } finally {
      await browser.close()
    }

    const dir = demo.text.match(/(\S*jinglebridge-demo-\w+)/)?.[1]
    assert.ok(dir && existsSync(dir), `no folder in:\n${demo.text}`)
    assert.ok(leftovers(dir).length >= 2, 'its processes cannot be seen')
    assert.equal(await interrupt(demo), 0, demo.text)
    assert.deepEqual(leftovers(dir), [], 'processes left behind')
    assert.ok(!existsSync(dir), `${dir} left behind`)
    await assert.rejects(fetch(page), 'the page is still there')
  } finally {
    guest.close()
    if (demo.child.exitCode === null) await interrupt(demo).catch(() => {})
  }
})
