// jinglebridge.js: call XMPP users, and be called by them, from a web page.
//
//   import { Bridge } from "https://call.example.org/jinglebridge.js";
//   const bridge = new Bridge("wss://call.example.org/ws", { name: "anna" });
//   await bridge.login();
//   const call = bridge.call("juliet@example.org", { audio: true });
//   call.addEventListener("track", (e) => { audio.srcObject = e.stream; });
//   bridge.addEventListener("call", (e) => e.call.accept({ audio: true }));
//
// Plain ES modules without dependency; importing them touches nothing. Types: jinglebridge.d.ts.
// The messages are those of docs/protocol.md, version 1.
import { Call } from "./call.js";
import { BridgeError } from "./error.js";
import { Link } from "./link.js";
import { kindsOf } from "./media.js";

export { BridgeError, Call };

const ASKED = 64; // requests whose answer we wait for; older ones are forgotten
const CALLS = 16; // incoming at once; more is somebody's mistake
const CONTACTS = 2000;
const GLARE = 2_000; // ms an invitation that crossed ours waits for the server's verdict

export class Bridge extends EventTarget {
  /** "idle" | "connecting" | "online" | "offline" | "closed" */ state = "idle";
  /** What the server calls us once logged in. */ name;
  /** Our address on the XMPP side, once logged in. */ jid = "";
  /** Whom we have seen, by name. @type {Map<string, import("./jinglebridge.js").Contact>} */ contacts = new Map();
  /** Calls that have not ended, by id. @type {Map<string, Call>} */ calls = new Map();
  #options;
  #link;
  #servers = [];
  #renew; // timer that asks for fresh ICE servers
  #requests = new Map(); // id -> what to do when it is refused
  #lastID = 0;
  #rings = false; // somebody listens for calls
  /** @type {AbortController | null} */ #leaving = null;

  /**
   * @param {string | URL} url the server's WebSocket, also as http(s) or relative to the page
   * @param {import("./jinglebridge.js").BridgeOptions} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#options = options;
    this.name = options.name ?? "";
    const address = new URL(url, globalThis.location?.href);
    address.protocol = address.protocol.replace(/^http/, "ws");
    address.hash = "";
    this.#link = new Link(address.href, {
      hello: () => this.#hello(),
      state: (state, error) => this.#turn(state, error),
      welcome: (reply) => this.#welcome(reply),
      message: (message) => this.#receive(message),
    });
  }

  get iceServers() { return this.#options.iceServers ?? this.#servers; }

  /**
   * Connects and logs in. Rejects with a BridgeError when that cannot be done; once it could,
   * a lost connection is opened again without being asked.
   */
  async login() {
    await this.#link.open();
    this.#leaving?.abort();
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    globalThis.addEventListener?.("pagehide", () => this.#hide(), { signal });
    return this;
  }

  /** Ends all calls and the connection. */
  close() {
    this.#leaving?.abort();
    this.#hangUpAll();
    this.#link.close();
  }

  /**
   * Calls somebody. Call it in a click: it asks for the devices first, and nobody is rung
   * when they are refused. Throws a BridgeError when nobody is logged in.
   * @param {string} name
   * @param {import("./jinglebridge.js").CallOptions} [options]
   * @returns {Call}
   */
  call(name, { audio = true, video = false, stream, signal, timeout } = {}) {
    if (!this.#link.online) throw new BridgeError("offline", "not connected to the server");
    signal?.throwIfAborted();
    const wishes = { audio, video };
    const media = ["audio", "video"].filter((kind) => wishes[kind]);
    if (!media.length) throw new BridgeError("bad-message", "a call needs audio or video");
    const call = new Call(this.#wire(), { id: randomID(), name: String(name).trim(), media, wishes, stream, timeout });
    this.calls.set(call.id, call);
    signal?.addEventListener("abort", () => call.hangUp(), { once: true });
    call.start();
    return call;
  }

  /** @override A page without a listener for "call" is not rung at all. */
  addEventListener(type, ...rest) {
    if (type === "call") this.#rings = true;
    super.addEventListener(type, ...rest);
  }

  #wire() {
    return {
      send: (message, refused) => this.#send(message, refused),
      iceServers: () => this.iceServers,
      renamed: (call, was) => {
        if (this.calls.get(was) === call) this.calls.delete(was);
        this.calls.set(call.id, call);
      },
      done: (call) => {
        if (this.calls.get(call.id) === call) this.calls.delete(call.id);
      },
    };
  }

  async #hello() {
    const { token, password, title, caps = ["invite"] } = this.#options;
    const fresh = typeof token === "function" ? await token() : token;
    return { type: "login", name: this.name || undefined, v: 1, caps, password, token: fresh, title };
  }

  #send(message, refused) {
    if (refused) {
      message.id = ++this.#lastID;
      this.#requests.set(message.id, refused);
      if (this.#requests.size > ASKED) this.#requests.delete(this.#requests.keys().next().value);
    }
    return this.#link.send(message);
  }

  #turn(state, error) {
    if (state === "closed") {
      clearTimeout(this.#renew);
      for (const call of [...this.calls.values()]) call.lost();
      this.#requests.clear();
    }
    if (state === "offline" || state === "closed") this.#forget();
    this.state = state;
    this.#fire("state", { state, error: error ?? null });
  }

  // Without a connection nobody's presence is known.
  #forget() {
    for (const contact of this.contacts.values()) {
      if (contact.show !== "unavailable") this.#present({ ...contact, show: "unavailable", status: "", media: [] });
    }
  }

  #welcome(reply) {
    this.name = reply.name || this.name;
    this.jid = reply.jid || "";
    this.#requests.clear();
    this.#ice(reply);
    if (reply.resumed) return;
    // The server ended them when the connection went.
    for (const call of [...this.calls.values()]) if (call.state !== "asking" || call.incoming) call.lost();
  }

  #ice({ iceServers, ttl }) {
    if (Array.isArray(iceServers)) this.#servers = iceServers;
    clearTimeout(this.#renew);
    if (ttl > 0) this.#renew = setTimeout(() => this.#link.send({ type: "ice" }), Math.min(ttl * 800, 2 ** 31 - 1));
  }

  #receive(message) {
    switch (message.type) {
      case "presence": return this.#present(message);
      case "roster": return [].concat(message.items ?? []).forEach((item) => this.#present(item));
      case "missed": return this.#missed(message);
      case "ice": return this.#ice(message);
      case "ok": return void this.#requests.delete(message.id);
      case "error": return this.#error(message);
      case "shutdown": return; // link.js knows when to come back
    }
    const call = this.#find(message);
    if (message.type === "invite" || (message.type === "offer" && !call)) return this.#invited(message, call);
    call?.handle(message);
  }

  #error(message) {
    const refused = this.#requests.get(message.id);
    if (message.id !== undefined) this.#requests.delete(message.id);
    if (refused) return refused(message);
    const call = message.call || message.name ? this.#find(message) : undefined;
    if (call) return call.handle(message);
    this.#fire("error", { error: new BridgeError(message.code ?? "error", message.message, message) });
  }

  // By id; a message without one means the one call with that name, or the only one.
  #find({ call: id, name }) {
    const all = [...this.calls.values()];
    if (id) return this.calls.get(id) ?? all.find((c) => c.crossing?.call === id);
    return name ? all.find((c) => same(c.name, name)) : all.length === 1 ? all[0] : undefined;
  }

  #invited(message, known) {
    if (!message.name || (known && known.id === message.call)) return; // repeated
    const crossed = [...this.calls.values()].find((c) => same(c.name, message.name) && c.cross(message));
    if (crossed) {
      if (crossed.state !== "asking") setTimeout(() => this.#uncross(crossed, message), GLARE);
      return;
    }
    this.#ring(message);
  }

  // The server gave no verdict: then theirs is a call of its own.
  #uncross(call, message) {
    if (call.crossing !== message) return;
    call.crossing = null;
    if (this.#link.online) this.#ring(message);
  }

  #ring(message) {
    const { name, title, call: id, timeout, offer } = message;
    const known = Array.isArray(message.media) && message.media.length > 0;
    const media = known ? message.media : offer ? kindsOf(offer.sdp) : ["audio"];
    if (!this.#rings || this.calls.size >= CALLS) {
      this.#send({ type: "leave", name, call: id, reason: this.#rings ? "busy" : "unavailable" });
      return;
    }
    const call = new Call(this.#wire(), { id: id ?? "", name, title, incoming: true, media, offer, timeout });
    this.calls.set(call.id, call);
    const shown = this.#fire("call", { call });
    // The listener has run, so a person can see it: only now is "ringing" true.
    if (shown && call.state === "incoming") call.ring();
  }

  #present({ name, title, show = "available", status = "", media }) {
    if (typeof name !== "string" || (this.contacts.size >= CONTACTS && !this.contacts.has(name))) return;
    const contact = { name, title: title || this.contacts.get(name)?.title || name, show, status, media: Array.isArray(media) ? media : [] };
    this.contacts.set(name, contact);
    this.#fire("presence", { contact });
  }

  #missed({ name, title, media, at }) {
    if (typeof name !== "string") return;
    this.#fire("missed", { call: { name, title: title || name, media: Array.isArray(media) ? media : [], at: new Date(at * 1000) } });
  }

  #hangUpAll() {
    for (const call of [...this.calls.values()]) call.hangUp();
  }

  // The page goes. Where the browser keeps it (back-forward cache), it may come back.
  #hide() {
    if (this.state === "closed") return;
    this.#hangUpAll();
    this.#link.close();
    globalThis.addEventListener?.("pageshow", (e) => {
      if (e.persisted && this.state === "closed") this.login().catch((error) => this.#fire("error", { error }));
    }, { once: true, signal: this.#leaving?.signal });
  }

  #fire(type, more) {
    return this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), more));
  }
}

const same = (a, b) => a.toLowerCase() === String(b).toLowerCase();

function randomID() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

/** Whether this browser can call at all. */
export function supported() {
  return typeof RTCPeerConnection === "function" && typeof WebSocket === "function" && Boolean(globalThis.navigator?.mediaDevices);
}
