// A signalling server small enough to read in one sitting: it serves the call page and relays
// docs/protocol.md, version 1, between browsers as the bridge does. Tests may also speak for
// it, to say what no good server would.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { EventEmitter, once } from "node:events";
import { WebSocketServer } from "ws";

const FILES = new URL("../../web/page/", import.meta.url);
const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export class Stub extends EventEmitter {
  users = new Map(); // name -> socket
  calls = new Map(); // id -> {id, from, to, state}
  log = []; // {from, to, message}, in order
  login = {}; // merged into the answer to a login
  rosters = new Map(); // name -> items, for pages that have the cap
  scripted = new Set(); // ids of calls that a test plays
  hooks = new Map(); // type -> (message, from) => true when handled

  static async start() {
    const stub = new Stub();
    stub.setMaxListeners(0);
    stub.http = createServer((request, response) => stub.#serve(request, response));
    stub.ws = new WebSocketServer({ server: stub.http });
    stub.ws.on("connection", (socket) => stub.#connected(socket));
    stub.http.listen(0, "127.0.0.1");
    await once(stub.http, "listening");
    stub.url = `http://127.0.0.1:${stub.http.address().port}/`;
    return stub;
  }

  async stop() {
    for (const socket of this.ws.clients) socket.terminate();
    this.ws.close();
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }

  /** Forgets what happened, between tests. */
  reset() {
    this.log.length = 0;
    this.login = {};
    this.rosters.clear();
    this.hooks.clear();
    this.calls.clear();
    this.scripted.clear();
  }

  /** A test speaks for the other side; what is said back in such a call is only heard. */
  send(to, message) {
    if (message.call && !this.calls.has(message.call)) this.scripted.add(message.call);
    this.#say(to, message);
  }

  #say(to, message) {
    this.log.push({ to, message });
    this.users.get(to)?.send(JSON.stringify(message));
    this.emit("message");
  }

  /** The first message from a user that fits, also if it came before. */
  async heard(from, type, fits = () => true, time = 15_000) {
    const deadline = AbortSignal.timeout(time);
    for (;;) {
      const found = this.log.find((l) => l.from === from && l.message.type === type && fits(l.message));
      if (found) return found.message;
      try {
        await once(this, "message", { signal: deadline });
      } catch {
        throw new Error(`${from} said no ${type}; heard: ${this.log.map((l) => `${l.from ?? "server"} ${l.message.type}`).join(", ")}`);
      }
    }
  }

  said(from, type) { return this.log.filter((l) => l.from === from && l.message.type === type).map((l) => l.message); }

  async #serve(request, response) {
    const { pathname } = new URL(request.url, "http://x");
    // Another site's page: the same server under another name, hence another origin.
    if (pathname === "/elsewhere") return response.writeHead(200, { "Content-Type": KINDS[".html"] }).end("<!doctype html><link rel=icon href=data:,><title>elsewhere</title>");
    // A page that is configured is served with its title, as web/pages.go does.
    if (pathname === "/call/door") {
      const page = await readFile(new URL("index.html", FILES), "utf8");
      return response.writeHead(200, { "Content-Type": KINDS[".html"], "Content-Security-Policy": POLICY })
        .end(page.replace("<title>jinglebridge</title>", '<title>Front door</title>\n<meta name="page" content="door">'));
    }
    const name = pathname === "/" || pathname.startsWith("/call/") ? "index.html" : pathname.slice(1);
    try {
      if (name.includes("/")) throw new Error("no such page");
      const body = await readFile(new URL(name, FILES));
      response.writeHead(200, { "Content-Type": KINDS[extname(name)] ?? "text/plain", "Content-Security-Policy": POLICY, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  #connected(socket) {
    socket.on("message", (data) => {
      const message = JSON.parse(data);
      this.log.push({ from: socket.name ?? message.name, message });
      if (!this.hooks.get(message.type)?.(message, socket.name, socket)) this.#take(socket, message);
      this.emit("message");
    });
    socket.on("close", () => {
      if (this.users.get(socket.name) !== socket) return;
      this.users.delete(socket.name);
      this.#tell(socket.name, "unavailable");
      for (const call of [...this.calls.values()]) if ([call.from, call.to].includes(socket.name)) this.#end(call, socket.name, "gone");
      this.emit("message");
    });
  }

  #take(socket, message) {
    if (message.type === "login") return this.#login(socket, message);
    if (message.type === "ping") return socket.send('{"type":"pong"}');
    const from = socket.name;
    const call = this.calls.get(message.call);
    if (message.type === "invite") return this.#invite(from, message);
    if (message.type === "message") return this.#message(from, message);
    if (message.type === "roster" && !message.set && !message.remove) {
      return this.#say(from, { type: "roster", items: this.rosters.get(from) ?? [] });
    }
    if (["roster", "subscribe", "subscribed", "unsubscribed", "block", "unblock", "presence"].includes(message.type)) {
      if (message.type.startsWith("subscribe")) this.#say(message.name, { type: message.type, name: from, message: message.message });
      if (message.id !== undefined) this.#say(from, { type: "ok", id: message.id });
      return;
    }
    if (!call) {
      if (message.type !== "leave" && !this.scripted.has(message.call)) this.#error(from, message, "no-call", "no such call");
      return;
    }
    if (message.type === "leave") this.#end(call, from, message.reason ?? "hangup");
    else this.#relay(call, from, message);
    if (message.id !== undefined) this.#say(from, { type: "ok", id: message.id, call: message.call });
  }

  #message(from, { name, body, id }) {
    if (!this.users.has(name)) return this.#error(from, { id, name }, "unavailable", "nobody is there");
    this.#say(from, { type: "ok", id });
    this.#say(name, { type: "message", name: from, body, mid: `${from} ${id}` });
    this.#say(from, { type: "receipt", name, id });
  }

  #login(socket, { name, page, token, id }) {
    if (page) name = `${page}/visitor`;
    if (token) name = "guest";
    if (this.users.has(name)) {
      socket.send(JSON.stringify({ type: "login", success: false, code: "name-taken", message: "the name is taken", methods: ["none"], id }));
      return;
    }
    socket.name = name;
    this.users.set(name, socket);
    socket.send(JSON.stringify({
      type: "login", success: true, v: 1, name, jid: `${name}@call.example`, session: "s", resumed: false, hold: 0,
      ping: 25, max: 65536, caps: ["invite"], iceServers: [], id, ...(page && { title: "Front door" }), ...this.login,
    }));
    this.#tell(name, "available");
  }

  // Everybody sees everybody.
  #tell(name, show) {
    const media = show === "available" ? ["audio", "video"] : [];
    for (const other of this.users.keys()) {
      if (other === name) continue;
      this.#say(other, { type: "presence", name, show, media });
      if (show === "available") this.#say(name, { type: "presence", name: other, show, media });
    }
  }

  #invite(from, { name, call: id, media, timeout, id: request }) {
    if (!this.users.has(name)) return this.#error(from, { id: request, call: id, name }, "not-found", "nobody has this name");
    const other = [...this.calls.values()].find((c) => c.from === name && c.to === from && c.state === "ringing");
    if (other) return this.#error(from, { id: request, name, call: other.id }, "glare", "they are calling you");
    const call = { id, from, to: name, state: "ringing" };
    this.calls.set(id, call);
    this.#say(from, { type: "ok", id: request, call: id });
    this.#say(name, { type: "invite", name: from, call: id, media, timeout: timeout ?? 60 });
  }

  #relay(call, from, { id, ...message }) {
    if (message.type === "accept") call.state = "active";
    this.#say(call.from === from ? call.to : call.from, { ...message, name: from });
  }

  #end(call, by, reason) {
    this.calls.delete(call.id);
    this.#say(call.from === by ? call.to : call.from, { type: "leave", name: by, call: call.id, reason });
  }

  #error(to, { id, call, name }, code, message) {
    this.#say(to, { type: "error", message, code, id, name, call });
  }
}
