// The XMPP server dies in the middle of a call, and comes back.

import { COMPONENT, DOMAIN, Stage } from './harness/stage.js'
import { flows, paired } from './harness/media.js'
import { until } from './harness/wait.js'

const stage = Stage.forFile()
const NEW_CALL_MS = 5_000 // from the server's return to a new call that rings

for (const who of ['page', 'XMPP user']) {
  stage.test(`the server dies in a call; media goes on; the ${who} hangs up afterwards`, async () => {
    const [juliet, romeo] = await stage.couple()
    await juliet.call(`romeo@${DOMAIN}`, true)
    await romeo.answer()
    await flows([juliet, romeo], ['audio', 'video'])

    await stage.prosody.kill()
    await until('the bridge to notice', async () => !(await stage.bridge.isReady()))
    await flows([juliet, romeo], ['audio', 'video'])
    await juliet.is('connected')

    await stage.prosody.up()
    await stage.bridge.ready()
    await romeo.online()
    await flows([juliet, romeo], ['audio', 'video'])
    await paired(juliet, romeo)
    if (who === 'page') {
      await juliet.hangUp()
      await romeo.ended('success')
    } else {
      await romeo.hangUp()
      await juliet.ended('hangup')
    }
  })
}

stage.test('new calls work within 5 s of the server\'s return', async () => {
  const [juliet, romeo] = await stage.couple()
  await stage.prosody.kill()
  await until('the bridge to notice', async () => !(await stage.bridge.isReady()))
  await stage.prosody.up()
  const back = Date.now()
  await romeo.online(NEW_CALL_MS)
  await romeo.call(`juliet@${COMPONENT}`)
  await juliet.is('incoming', NEW_CALL_MS - (Date.now() - back))
  await juliet.answer()
  await flows([juliet, romeo], ['audio'])
})

stage.test('a call that rang when the server died is over for both', async () => {
  const [juliet, romeo] = await stage.couple()
  await juliet.call(`romeo@${DOMAIN}`)
  await romeo.is('incoming')
  await stage.prosody.kill()
  await stage.prosody.up()
  await stage.bridge.ready()
  await romeo.online()
  await juliet.hangUp()
  await romeo.ended('cancel')
})
