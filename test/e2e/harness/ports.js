// Free ports on loopback. Nothing keeps a port between here and its use, so whoever takes
// one tries again with another when it is gone.

import { createServer } from 'node:net'

function listen() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => resolve(server))
  })
}

/** Returns n different ports that were free a moment ago. */
export async function freePorts(n) {
  const servers = await Promise.all(Array.from({ length: n }, listen))
  const ports = servers.map(s => s.address().port)
  await Promise.all(servers.map(s => new Promise(resolve => s.close(resolve))))
  return ports
}
