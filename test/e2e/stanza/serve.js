// Serves the XMPP user's page on loopback. The stanza.js bundle is made at start, in memory.
// As a program: node serve.js SETTINGS-JSON [PORT]; prints the page's URL.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript', json: 'application/json' }

async function bundle() {
  const result = await build({
    entryPoints: [join(here, 'app.js')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    define: { global: 'globalThis' },
    write: false,
    logLevel: 'error',
  })
  return result.outputFiles[0].text
}

/** Serves the page with settings {websocket, accounts?, contacts?}; answers {url, close}. */
export async function serve(settings, port = 0) {
  const files = new Map([
    ['/', ['html', await readFile(join(here, 'index.html'))]],
    ['/app.css', ['css', await readFile(join(here, 'app.css'))]],
    ['/app.js', ['js', await bundle()]],
    ['/settings.json', ['json', JSON.stringify(settings)]],
  ])
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url, 'http://localhost').pathname)
    if (!file) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': `${TYPES[file[0]]}; charset=utf-8`, 'cache-control': 'no-store' }).end(file[1])
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(resolve))
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve(JSON.parse(process.argv[2]), Number(process.argv[3] ?? 0))
  console.log(url)
}
