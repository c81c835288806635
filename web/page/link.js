// The WebSocket under a Bridge: one connection at a time, opened again when it is lost.
// It knows logins and pings, and nothing of calls.
import { BridgeError } from "./error.js";

const RETRY_MIN = 500;
const RETRY_MAX = 30_000;
const LOGIN_TIME = 15_000;
const PONG_TIME = 10_000;

// After these closes the server does not want us back (docs/protocol.md, close codes).
const FINAL = new Map([
  [1000, "closed"], [1008, "policy"], [1009, "too-large"], [4000, "protocol"],
  [4001, "replaced"], [4002, "token-expired"], [4003, "idle"],
]);

// A refusal that may pass: after a drop the server may still hold our own dead socket's name.
const PASSING = new Set(["name-taken", "too-many-attempts", "full", "upstream", "unreachable", "timeout"]);

/**
 * @typedef {object} Hooks
 * @property {() => Promise<object>} hello makes the login message
 * @property {(state: string, error?: BridgeError) => void} state
 * @property {(reply: any) => void} welcome called at every login, also after a reconnect
 * @property {(message: any) => void} message
 */

export class Link {
  #url;
  #hooks;
  /** @type {WebSocket | null} */ #ws = null;
  #online = false;
  #wanted = false; // a first login succeeded and nobody closed
  #tries = 0;
  #retry; // timer until the next attempt
  #quiet; // timer that notices silence
  #ping = 25;
  #wait = 0; // what the last shutdown asked for, in ms
  /** @type {AbortController | null} */ #listening = null;
  /** @type {(() => void) | undefined} */ #abandon; // ends the attempt under way

  /** @param {string} url @param {Hooks} hooks */
  constructor(url, hooks) {
    this.#url = url;
    this.#hooks = hooks;
  }

  get online() { return this.#online; }

  /** Opens and logs in. Only the first attempt rejects; later ones are repeated. */
  async open() {
    if (this.#ws) throw new BridgeError("call-exists", "already logged in");
    try {
      await this.#connect();
    } catch (error) {
      if (error.code !== "aborted") this.close();
      throw error;
    }
  }

  /** Ends the connection for good. @param {BridgeError} [error] why, if not asked for */
  close(error) {
    this.#wanted = false;
    this.#wait = 0;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#listening?.abort();
    this.#listening = null;
    this.#drop(1000);
    this.#abandon?.();
    this.#hooks.state("closed", error);
  }

  /** Sends if there is somebody to send to, and says whether. */
  send(message) {
    if (!this.#online || this.#ws?.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    this.#hooks.state("connecting");
    return new Promise((resolve, reject) => {
      const ws = open(this.#url);
      this.#ws = ws;
      const fail = (error) => {
        clearTimeout(timer);
        this.#abandon = undefined;
        if (this.#ws === ws) this.#drop(1000);
        reject(error);
      };
      this.#abandon = () => fail(new BridgeError("aborted", "closed while logging in"));
      const timer = setTimeout(() => fail(new BridgeError("timeout", "the server did not answer")), LOGIN_TIME);
      ws.onopen = () => this.#hooks.hello().then(
        (hello) => ws.readyState === WebSocket.OPEN && ws.send(JSON.stringify(hello)),
        (cause) => fail(new BridgeError("token", "no token to log in with", { cause })));
      ws.onclose = (e) => fail(new BridgeError(FINAL.get(e.code) ?? "unreachable", e.reason || unreachable(ws.url)));
      ws.onmessage = (e) => {
        const reply = parse(e.data);
        if (reply?.type === "error") return fail(refusal(reply));
        if (reply?.type !== "login") return;
        if (!reply.success) return fail(refusal(reply));
        clearTimeout(timer);
        this.#abandon = undefined;
        this.#welcome(ws, reply);
        resolve(reply);
      };
    });
  }

  #welcome(ws, reply) {
    this.#online = this.#wanted = true;
    this.#tries = this.#wait = 0;
    this.#ping = reply.ping > 0 ? reply.ping : 25;
    ws.onmessage = (e) => this.#receive(e.data);
    ws.onclose = (e) => this.#lost(e.code, e.reason);
    this.#listen();
    this.#heard();
    this.#hooks.welcome(reply);
    this.#hooks.state("online");
  }

  #receive(data) {
    this.#heard();
    const message = parse(data);
    if (!message || message.type === "pong") return;
    if (message.type === "shutdown") this.#wait = Math.max(RETRY_MIN, (Number(message.reconnect) || 0) * 1000);
    this.#hooks.message(message);
  }

  #lost(code, reason) {
    this.#drop(1000);
    if (!this.#wanted) return;
    const final = FINAL.get(code);
    if (final) return this.close(new BridgeError(final, reason || `the server closed the connection (${code})`));
    this.#hooks.state("offline");
    this.#again();
  }

  // Full jitter: a thousand pages must not come back in the same second.
  #again(atLeast = 0) {
    const most = Math.min(RETRY_MAX, RETRY_MIN * 2 ** ++this.#tries);
    const delay = Math.max(atLeast, this.#wait || RETRY_MIN + Math.random() * (most - RETRY_MIN));
    this.#wait = 0;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#reconnect(), delay);
  }

  async #reconnect() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    try {
      await this.#connect();
    } catch (error) {
      if (!this.#wanted || this.#online) return;
      if (!PASSING.has(error.code)) return this.close(error);
      this.#hooks.state("offline", error);
      this.#again((error.retry ?? 0) * 1000);
    }
  }

  // Silence for `ping` seconds: ask. No answer: the connection is dead, whatever TCP thinks.
  #heard() {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#probe(), this.#ping * 1000);
  }

  #probe() {
    clearTimeout(this.#quiet);
    if (!this.send({ type: "ping" })) return;
    this.#quiet = setTimeout(() => this.#lost(1006, ""), PONG_TIME);
  }

  #wake() {
    if (this.#retry !== undefined) {
      this.#tries = 0;
      this.#reconnect();
    } else if (this.#online) {
      this.#probe();
    }
  }

  #listen() {
    if (this.#listening || typeof globalThis.addEventListener !== "function") return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    globalThis.addEventListener("online", () => this.#wake(), { signal });
    globalThis.document?.addEventListener("visibilitychange",
      () => document.visibilityState === "visible" && this.#wake(), { signal });
  }

  #drop(code) {
    const ws = this.#ws;
    this.#ws = null;
    this.#online = false;
    clearTimeout(this.#quiet);
    if (!ws) return;
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close(code);
  }
}

function open(url) {
  try {
    return new WebSocket(url);
  } catch (cause) {
    // From an https page a ws: address throws SecurityError.
    throw new BridgeError("unreachable", `cannot open ${url}: ${cause.message}`, { cause });
  }
}

// A page never learns why a handshake failed, but its developer should know the two usual reasons.
function unreachable(url) {
  const origin = globalThis.location?.origin;
  const ours = !origin || new URL(url).host === globalThis.location.host;
  return `the server cannot be reached${ours ? "" : `, or does not allow pages of ${origin} (listen.origins in its config.toml)`}`;
}

function parse(data) {
  try {
    const message = JSON.parse(data);
    return message && typeof message === "object" ? message : null;
  } catch {
    return null; // COMPAT tutorialspoint server: greets with a bare "Hello world".
  }
}

function refusal(reply) {
  return new BridgeError(reply.code ?? "refused", reply.message ?? "the server refused the login", reply);
}
