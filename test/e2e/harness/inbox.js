// What somebody heard, in order. Tests read it one by one; reading waits for what has not come yet.

const DEFAULT_MS = 8_000

export class Inbox {
  #read = 0
  #waiting = new Set()

  constructor(name) { Object.assign(this, { name, heard: [], ended: '' }) }

  put(item) {
    this.heard.push(item)
    this.#wake()
  }

  /** Nothing will come any more. */
  end(why) {
    this.ended ||= why
    this.#wake()
  }

  #wake() { for (const check of [...this.#waiting]) check() }

  /** Takes out all that came so far. */
  empty() {
    this.#read = 0
    return this.heard.splice(0)
  }

  /** What came and was not read yet. */
  get unread() { return this.heard.slice(this.#read) }

  /** Takes the next item, which may still have to come. */
  async next(ms = DEFAULT_MS) {
    await this.#until('anything more', () => this.#read < this.heard.length, ms)
    return this.heard[this.#read++]
  }

  /** Skips to the next item that test is true for, and takes it. */
  async find(what, test, ms = DEFAULT_MS) {
    for (;;) {
      const at = this.heard.findIndex((item, i) => i >= this.#read && test(item))
      if (at >= 0) {
        this.#read = at + 1
        return this.heard[at]
      }
      const seen = this.heard.length
      await this.#until(what, () => this.heard.length > seen, ms)
    }
  }

  #until(what, test, ms) {
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        settle(value)
      }
      const fail = why => done(reject, new Error(`${this.name}: ${why}; wanted ${what}; heard ${JSON.stringify(this.heard)}`))
      const check = () => test() ? done(resolve) : this.ended && fail(this.ended)
      const timer = setTimeout(() => fail(`nothing for ${ms} ms`), ms)
      this.#waiting.add(check)
      check()
    })
  }
}
