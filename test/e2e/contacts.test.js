// Who is there, who asks, and what is written, on the call page, with a real XMPP user.

import assert from 'node:assert/strict'
import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { flows } from './harness/media.js'

const ROMEO = `romeo@${DOMAIN}`
const stage = Stage.forFile({ bridge: { policy: { seen_by: 'ask' } } })

/** Waits until the page shows this, as text that is in it. */
const shows = (page, selector, part) => page.waitForFunction(
  ([s, p]) => document.querySelector(s)?.textContent.includes(p), [selector, part], { timeout: 10_000 })

stage.test('asked, allowed, seen, on a call, away, written to, and gone', async () => {
  const juliet = await stage.callPage('juliet'), romeo = await stage.xmppUser('romeo')
  const { page } = juliet, address = `juliet@${COMPONENT}`
  await romeo.add(address)
  await page.click(`#requests li[data-name="${ROMEO}"] .allow`)
  await romeo.sees(address, 'audio video')
  const row = `#contacts li[data-name="${ROMEO}"]`
  await shows(page, row, 'Online')
  await page.waitForSelector(`${row} .audio`)

  // What is written arrives, and that is told.
  await page.click(`${row} .names`)
  await page.fill('#body', 'Good night, <good> night!')
  await page.press('#body', 'Enter')
  await page.waitForSelector('#talk .mine[data-delivery="received"]')
  assert.ok((await romeo.wire()).some(({ xml }) => xml.includes('Good night, &lt;good&gt; night!')))

  await page.click('#person-audio')
  await romeo.answer()
  await juliet.is('connected')
  await flows([juliet, romeo], ['audio'])
  const heard = part => romeo.page.waitForFunction(p => globalThis.wire.some(({ xml }) => xml.includes('<presence') && xml.includes(p)), part, { timeout: 10_000 })
  await heard('on a call')
  await juliet.hangUp()
  await page.click('#close')
  await page.click('#person-back')
  await page.selectOption('#show', 'away')
  await heard('<show>away</show>')
  await romeo.page.goto('about:blank')
  await shows(page, row, 'Offline')
  await page.click(`${row} .names`)
  await page.fill('#body', 'Are you there?')
  await page.press('#body', 'Enter')
  await shows(page, '#talk [data-delivery="failed"]', 'is not online, and nothing is kept for later')
})
