// The page that README.md shows, taken out of it: served from a site of its own, with the names of this stage.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { DOMAIN, Stage } from './harness/stage.js'
import { flows } from './harness/media.js'

const stage = Stage.forFile()

async function readmePage() {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const html = readme.match(/^```html\n([\s\S]*?)^```$/m)?.[1]
  assert.ok(html, 'README.md has no page')
  assert.ok(html.trim().split('\n').length <= 20, 'the page has more than 20 lines')
  let page = html
  for (const [theirs, ours] of [
    ['https://call.example.org/', stage.bridge.url],
    ['wss://call.example.org/', stage.bridge.websocket],
    ['juliet@example.org', `romeo@${DOMAIN}`],
    ['"visitor-" + Date.now()', '"visitor"'],
  ]) {
    assert.ok(page.includes(theirs), `the page does not say ${theirs}`)
    page = page.replace(theirs, ours)
  }
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  stage.later(() => { server.closeAllConnections(); server.close() })
  const visitor = stage.enter(await stage.browser.open('visitor', `http://127.0.0.1:${server.address().port}/`))
  await visitor.page.waitForFunction(() => document.querySelector('#call').onclick)
  return visitor
}

stage.test('the page of the README calls an XMPP user', async () => {
  const [visitor, romeo] = await Promise.all([readmePage(), stage.xmppUser('romeo')])
  await stage.befriend(visitor, romeo)
  await visitor.page.click('#call')
  await romeo.answer()
  await flows([visitor, romeo], ['audio', 'video'])
  await visitor.page.waitForFunction(() => document.querySelector('#remote').videoWidth > 0)
  await visitor.page.click('#end')
  await romeo.ended('success')
  await visitor.page.waitForFunction(() => document.querySelector('#state').textContent === 'ended: hangup')
})

stage.test('the page of the README calls a stranger\'s phone', async () => {
  const [visitor, romeo] = await Promise.all([readmePage(), stage.jmiClient('romeo')])
  await visitor.page.click('#call')
  await romeo.message('propose')
  await visitor.page.waitForFunction(() => document.querySelector('#state').textContent === 'ringing')
})
