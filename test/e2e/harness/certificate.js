// A certificate for a domain, which only the test knows.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Makes DOMAIN.crt and DOMAIN.key in dir, where Prosody finds them by these names; answers {file, key}. */
export async function certify(dir, domain) {
  const file = join(dir, `${domain}.crt`), key = join(dir, `${domain}.key`)
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain}`, '-keyout', key, '-out', file])
  return { file, key }
}
