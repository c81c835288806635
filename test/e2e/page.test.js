// What the call page does in a running call, with the bridge between.

import { DOMAIN, Stage } from './harness/stage.js'
import { flows } from './harness/media.js'

const stage = Stage.forFile()

const pages = () => Promise.all([stage.callPage('juliet'), stage.callPage('rosaline')])

stage.test('page and page: cameras join an audio call, and a muted microphone is told', async () => {
  const [juliet, rosaline] = await pages()
  await juliet.call('rosaline')
  await rosaline.answer()
  await Promise.all([juliet.is('connected'), rosaline.is('connected')])
  await rosaline.page.click('#camera')
  await juliet.page.waitForSelector('#call[data-picture]')
  await juliet.page.click('#camera')
  await rosaline.page.waitForSelector('#call[data-picture]')
  await flows([juliet, rosaline], ['audio', 'video'])
  await juliet.page.click('#mute')
  await rosaline.page.waitForSelector('#remote-muted:not([hidden])')
  await juliet.hangUp()
  await rosaline.ended('hangup')
})

stage.test('page and page call each other at the same moment: it becomes one call', async () => {
  const [juliet, rosaline] = await pages()
  const each = act => Promise.all([juliet, rosaline].map(who => who.page.evaluate(act)))
  // Both have decided before either hears of the other.
  await each(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async wish => {
      const stream = await ask(wish)
      await new Promise(go => { globalThis.go = go })
      return stream
    }
  })
  await Promise.all([juliet.call('rosaline'), rosaline.call('juliet')])
  await each(() => new Promise(done => { const look = () => globalThis.go ? done() : setTimeout(look, 10); look() }))
  await each(() => globalThis.go())
  await Promise.all([juliet.is('connected'), rosaline.is('connected')])
  await flows([juliet, rosaline], ['audio'])
  await rosaline.hangUp()
  await juliet.ended('hangup')
})

stage.test('an XMPP user cannot be shown a camera in an audio call yet: told so, and the call goes on', async () => {
  const [juliet, romeo] = await stage.couple()
  await juliet.call(`romeo@${DOMAIN}`)
  await romeo.answer()
  await juliet.is('connected')
  await juliet.page.click('#camera')
  await juliet.page.waitForFunction(() => /cannot change a running call/.test(document.querySelector('#note').textContent))
  await juliet.page.click('#mute')
  await juliet.page.click('#mute')
  await flows([juliet, romeo], ['audio'])
  await juliet.hangUp()
  await romeo.ended('success')
})
