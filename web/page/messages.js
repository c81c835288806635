// Messages to people: what was sent, and what became of it. Nothing is kept that is settled.
import { BridgeError } from "./error.js";

const OPEN = 256; // whose receipt, or return, may still come
const SEEN = 256; // ids of messages that came, which may come again

export class Messages {
  /** By request id. @type {Map<number, import("./jinglebridge.js").Message>} */ #open = new Map();
  #seen = new Set();
  #ask;
  #fire;

  /**
   * @param {(message: object) => {id: number, done: Promise<unknown>}} ask
   * @param {(type: string, more: object) => boolean} fire
   */
  constructor(ask, fire) {
    this.#ask = ask;
    this.#fire = fire;
  }

  /** Sends a message, and returns it at once: its state changes. */
  send(name, body) {
    const { id, done } = this.#ask({ type: "message", name, body });
    const message = { id, name, body, at: new Date(), incoming: false, state: "sending", error: null };
    this.#open.set(id, message);
    if (this.#open.size > OPEN) this.#open.delete(this.#open.keys().next().value);
    done.then(() => this.#turn(message, "sent"), (error) => this.#failed(message, error));
    return message;
  }

  /** A message about messages; says whether it was one. */
  handle(message) {
    switch (message.type) {
      case "message": return message.room === undefined && (this.#received(message), true);
      case "receipt": return this.#receipt(message), true;
      case "error": return this.#returned(message);
    }
    return false;
  }

  #received({ name, title, body, mid, at, sent }) {
    if (typeof name !== "string" || typeof body !== "string" || this.#seen.has(mid)) return;
    if (mid) this.#seen.add(mid);
    if (this.#seen.size > SEEN) this.#seen.delete(this.#seen.values().next().value);
    const when = at > 0 ? new Date(at * 1000) : new Date();
    // One's own, from another tab, has left already.
    const how = sent ? { incoming: false, state: "sent" } : { incoming: true, state: "received" };
    this.#fire("message", { message: { id: mid, name, title: title || name, body, at: when, ...how, error: null } });
  }

  #receipt({ id }) {
    const message = this.#open.get(id);
    if (!message) return;
    this.#open.delete(id);
    this.#turn(message, "received");
  }

  // It was on its way, and came back.
  #returned(error) {
    const message = this.#open.get(error.id);
    if (!message) return false;
    this.#failed(message, new BridgeError(error.code ?? "error", error.message, error));
    return true;
  }

  #failed(message, error) {
    this.#open.delete(message.id);
    message.error = error;
    this.#turn(message, "failed");
  }

  // A receipt may overtake the ok.
  #turn(message, state) {
    if (state === "sent" && message.state !== "sending") return;
    message.state = state;
    this.#fire("delivery", { message });
  }
}
