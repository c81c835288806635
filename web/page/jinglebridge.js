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
import { watchAway } from "./away.js";
import { Call } from "./call.js";
import { Contacts } from "./contacts.js";
import { BridgeError } from "./error.js";
import { Link } from "./link.js";
import { kindsOf } from "./media.js";
import { Messages } from "./messages.js";

export { BridgeError, Call };

const ASKED = 64; // requests whose answer we wait for; older ones are forgotten
const CALLS = 16; // incoming at once; more is somebody's mistake
const GLARE = 2_000; // ms an invitation that crossed ours waits for the server's verdict
const AWAY = 60; // seconds

export class Bridge extends EventTarget {
  /** "idle" | "connecting" | "online" | "offline" | "closed" */ state = "idle";
  /** What the server calls us once logged in. */ name;
  /** Our address on the XMPP side, once logged in. */ jid = "";
  /** What one visits, or "". */ title = "";
  /** What the server can, once logged in. @type {Set<string>} */ caps = new Set();
  /** Calls that have not ended, by id. @type {Map<string, Call>} */ calls = new Map();
  #options;
  #link;
  #servers = [];
  #renew; // timer that asks for fresh ICE servers
  #requests = new Map(); // id -> {ok, refused}, what to do with the answer
  #lastID = 0;
  #heard = new Set(); // types of events that somebody listens for
  #contacts = new Contacts((type, more) => this.#fire(type, more));
  #messages = new Messages((message) => this.#ask(message), (type, more) => this.#fire(type, more));
  #own = { show: "available", status: "" };
  #away = false;
  /** What we said that we can. @type {string[]} */ #said = [];
  #told = ""; // how the server shows us, as far as we said
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

  /** Whom we know of, by name. @type {Map<string, import("./jinglebridge.js").Contact>} */
  get contacts() { return this.#contacts.all; }

  /** Who asks to see when we are online, by name. @type {Map<string, import("./jinglebridge.js").ContactRequest>} */
  get requests() { return this.#contacts.requests; }

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
    watchAway(this.#options.away ?? AWAY, (away) => { this.#away = away; this.#show(); }, signal);
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
   * @param {string} [name] a visitor need not say it: the page that is visited
   * @param {import("./jinglebridge.js").CallOptions} [options]
   * @returns {Call}
   */
  call(name = this.#options.page ?? "", { audio = true, video = false, stream, signal, timeout } = {}) {
    if (!this.#link.online) throw new BridgeError("offline", "not connected to the server");
    signal?.throwIfAborted();
    const wishes = { audio, video };
    const media = ["audio", "video"].filter((kind) => wishes[kind]);
    if (!media.length) throw new BridgeError("bad-message", "a call needs audio or video");
    const who = String(name).trim();
    const title = this.contacts.get(who)?.title ?? (same(who, this.#options.page ?? "") ? this.title : "");
    const call = new Call(this.#wire(), { id: randomID(), name: who, title, media, wishes, stream, timeout });
    this.calls.set(call.id, call);
    signal?.addEventListener("abort", () => call.hangUp(), { once: true });
    call.start();
    return call;
  }

  /**
   * Makes somebody a contact, and asks to see when he is online: he may say no.
   * @param {string} name
   * @param {{title?: string, groups?: string[], message?: string}} [more]
   */
  async add(name, { title, groups, message } = {}) {
    if (title || groups) await this.#ask({ type: "roster", set: { name, title, groups } }).done;
    await this.#ask({ type: "subscribe", name, message }).done;
  }

  /** Shows a contact under another title, and in these groups. */
  async change(name, { title, groups } = {}) { await this.#ask({ type: "roster", set: { name, title, groups } }).done; }

  /** Neither sees the other any more. */
  async remove(name) { await this.#ask({ type: "roster", remove: name }).done; }

  /** Nothing of somebody is seen or heard any more; or it is again. */
  async block(name, on = true) { await this.#ask({ type: on ? "block" : "unblock", name }).done; }

  /** Lets somebody see when we are online. */
  async allow(name) {
    await this.#ask({ type: "subscribed", name }).done;
    this.#contacts.settle(name);
  }

  /** The same, refused or ended. */
  async refuse(name) {
    await this.#ask({ type: "unsubscribed", name }).done;
    this.#contacts.settle(name);
  }

  /**
   * Sends a message. What becomes of it is told by "delivery".
   * @param {string} name
   * @param {string} body
   */
  send(name, body) { return this.#messages.send(name, body); }

  /**
   * How others see us, until the next time. While the page is hidden for long it is "away".
   * @param {{show?: string, status?: string}} how
   */
  present({ show = "available", status = "" } = {}) {
    this.#own = { show, status };
    this.#show();
  }

  #show() {
    if (!this.#link.online) return;
    const hidden = this.#away && !this.calls.size && ["available", "chat"].includes(this.#own.show);
    const message = { type: "presence", ...this.#own, ...(hidden && { show: "away" }) };
    const said = JSON.stringify(message);
    if (said !== this.#told && this.#link.send(message)) this.#told = said;
  }

  /** @override A page without a listener for "call" is not rung at all, nor sent messages without one for them. */
  addEventListener(type, ...rest) {
    this.#heard.add(type);
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
        if (!this.calls.size) this.#show();
      },
    };
  }

  async #hello() {
    const { token, password, title, page, caps = this.#caps() } = this.#options;
    this.#said = caps;
    const fresh = typeof token === "function" ? await token() : token;
    // A guest is given a name, and a visitor's need not be his own: both say again what they said first.
    const name = (token || page ? this.#options.name : this.name) || undefined;
    return { type: "login", name, v: 1, caps, password, token: fresh, title, page };
  }

  // A receipt says that somebody has the message: it must not be said for a page that has no ear for it.
  #caps() {
    const { page } = this.#options;
    return ["invite", ...(page ? [] : ["roster"]), ...(this.#heard.has("message") ? ["messages"] : [])];
  }

  #send(message, refused, ok) {
    if (refused) {
      message.id = ++this.#lastID;
      this.#requests.set(message.id, { ok, refused });
      const [oldest] = this.#requests;
      if (this.#requests.size > ASKED) this.#answered(oldest[0], "refused", FORGOTTEN);
    }
    return this.#link.send(message);
  }

  #answered(id, how, message) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    request?.[how]?.(message);
    return Boolean(request);
  }

  /** Sends what will be answered; done rejects with what the server said, or when the connection goes. */
  #ask(message) {
    let id = 0;
    const done = new Promise((resolve, reject) => {
      const refused = (e) => reject(new BridgeError(e.code ?? "error", e.message, e));
      const sent = this.#send(message, refused, resolve);
      id = message.id;
      if (!sent) this.#answered(id, "refused", OFFLINE);
    });
    return { id, done };
  }

  // No answer comes any more. A call knows what to do by itself.
  #unanswered() {
    for (const [id, { ok }] of [...this.#requests]) {
      if (ok) this.#answered(id, "refused", OFFLINE);
      else this.#requests.delete(id);
    }
  }

  #turn(state, error) {
    if (state === "closed") {
      clearTimeout(this.#renew);
      for (const call of [...this.calls.values()]) call.lost();
    }
    if (state === "offline" || state === "closed") {
      this.#told = "";
      this.#unanswered();
      this.#contacts.forget();
    }
    this.state = state;
    this.#fire("state", { state, error: error ?? null });
  }

  #welcome(reply) {
    this.name = reply.name || this.name;
    this.jid = reply.jid || "";
    this.title = reply.title || "";
    this.caps = new Set(Array.isArray(reply.caps) ? reply.caps : []);
    this.#unanswered();
    this.#ice(reply);
    this.#told = JSON.stringify({ type: "presence", show: "available", status: "" });
    this.#show();
    if (this.caps.has("roster") && this.#said.includes("roster")) this.#link.send({ type: "roster" });
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
    if (this.#contacts.handle(message)) return;
    switch (message.type) {
      case "missed": return this.#missed(message);
      case "ice": return this.#ice(message);
      case "ok": return void this.#answered(message.id, "ok", message);
      case "error": return this.#error(message);
      case "message":
      case "receipt": return void this.#messages.handle(message);
      case "shutdown": return; // link.js knows when to come back
    }
    const call = this.#find(message);
    if (message.type === "invite" || (message.type === "offer" && !call)) return this.#invited(message, call);
    call?.handle(message);
  }

  #error(message) {
    if (message.id !== undefined && (this.#answered(message.id, "refused", message) || this.#messages.handle(message))) return;
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
    if (!this.#heard.has("call") || this.calls.size >= CALLS) {
      this.#send({ type: "leave", name, call: id, reason: this.#heard.has("call") ? "busy" : "unavailable" });
      return;
    }
    const call = new Call(this.#wire(), { id: id ?? "", name, title, incoming: true, media, offer, timeout });
    this.calls.set(call.id, call);
    const shown = this.#fire("call", { call });
    // The listener has run, so a person can see it: only now is "ringing" true.
    if (shown && call.state === "incoming") call.ring();
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

const OFFLINE = { code: "offline", message: "the connection to the server was lost" };
const FORGOTTEN = { code: "rate-limited", message: "too much was asked at once" };

const same = (a, b) => a.toLowerCase() === String(b).toLowerCase();

function randomID() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

/** Whether this browser can call at all. */
export function supported() {
  return typeof RTCPeerConnection === "function" && typeof WebSocket === "function" && Boolean(globalThis.navigator?.mediaDevices);
}
