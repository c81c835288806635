// What a person does to a call, on either page: both give their buttons the same ids.

import assert from 'node:assert/strict'

export class Person {
  async answer() {
    await this.is('incoming')
    await this.page.click('#answer')
  }

  async decline() {
    await this.is('incoming')
    await this.page.click('#decline')
  }

  hangUp() { return this.page.click('#hangup') }

  /** Waits for the end of the call, and asserts its reason as this side says it. */
  async ended(reason, ms = 8_000) {
    await this.is('ended', ms)
    assert.equal(await this.reason(), reason, `${this.name}: why the call ended`)
  }
}
