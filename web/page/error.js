/** An error with a stable code: one of docs/protocol.md, or one of the library's own. */
export class BridgeError extends Error {
  /**
   * @param {string} code see `ErrorCode` in jinglebridge.d.ts
   * @param {string} [message] a sentence for people
   * @param {{retry?: number, cause?: unknown, methods?: string[]}} [more]
   */
  constructor(code, message, more = {}) {
    super(message || code, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "BridgeError";
    this.code = code;
    /** Seconds after which another try makes sense, when the server said so. */
    this.retry = more.retry;
    /** How one may log in, when a login was refused. */
    this.methods = more.methods;
  }
}
