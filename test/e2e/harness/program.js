// One child process: its log is kept, and it ends when its owner says so or when the test process does.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const LOG_LINES = 4000
const running = new Set()

process.on('exit', () => { for (const p of running) p.child.kill('SIGKILL') })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

export class Program {
  /** Starts command with args; name is what its log lines are shown under. */
  constructor(name, command, args, options = {}) {
    this.name = name
    this.log = []
    this.watchers = new Set()
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options })
    running.add(this)
    this.exited = new Promise(resolve => {
      this.child.once('error', err => this.#end(resolve, `cannot start ${command}: ${err.message}`))
      this.child.once('close', (code, signal) => this.#end(resolve, `ended with ${signal ?? code}`))
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on('line', line => this.#line(line))
    }
    this.child.stdin.on('error', () => {}) // the program is gone; exited tells
  }

  get pid() { return this.child.pid }
  get alive() { return running.has(this) }

  #line(line) {
    this.log.push(line)
    if (this.log.length > LOG_LINES) this.log.shift()
    for (const watch of [...this.watchers]) watch(line)
  }

  #end(resolve, how) {
    if (!running.delete(this)) return
    this.#line(`-- ${how}`)
    resolve(how)
  }

  /** Writes one line to the program's standard input. */
  write(line) { this.child.stdin.write(line + '\n') }

  /**
   * Resolves with the first line, from the start of the log on or from line number `from`, for which test says true;
   * rejects when the program ends or `ms` pass before.
   */
  line(what, test, { ms = 10_000, from = 0 } = {}) {
    const seen = this.log.slice(from).find(test)
    if (seen !== undefined) return Promise.resolve(seen)
    if (!this.alive) return Promise.reject(new Error(`${this.name} is not running; wanted ${what}`))
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer)
        this.watchers.delete(watch)
        settle(value)
      }
      const watch = line => { if (test(line)) done(resolve, line) }
      const timer = setTimeout(() => done(reject, new Error(`${this.name}: no ${what} in ${ms} ms`)), ms)
      this.watchers.add(watch)
      this.exited.then(how => done(reject, new Error(`${this.name} ${how}; wanted ${what}\n${this.tail(20)}`)))
    })
  }

  /** Asks the program to end, kills it when it does not in `ms`, and waits until it is gone. */
  async stop(signal = 'SIGTERM', ms = 8_000) {
    if (!this.alive) return
    const timer = setTimeout(() => this.child.kill('SIGKILL'), ms)
    this.child.kill(signal)
    await this.exited
    clearTimeout(timer)
  }

  tail(lines = 80) { return this.log.slice(-lines).map(l => `  ${this.name} | ${l}`).join('\n') }
}
