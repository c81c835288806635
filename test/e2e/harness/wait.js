// Waiting for what has no event to wait for. Every wait ends.

/** Asks probe again and again until it answers something true, and returns that. */
export async function until(what, probe, ms = 8_000) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      last = await probe()
      if (last) return last
    } catch (err) {
      last = err.message
    }
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}; last: ${JSON.stringify(last)}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Rejects when promise has not settled in ms. */
export function within(ms, what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
