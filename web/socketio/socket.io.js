// A small Socket.IO client: Engine.IO 4 over one WebSocket, events in the namespace "/", and
// reconnecting. For polling, binary data or acknowledgements take the npm package
// socket.io-client, which this server understands, too.
(() => {
  "use strict";

  // Known only while the script is first run, so it is noted now.
  const origin = document.currentScript?.src || location.href;

  class Socket {
    #url; #options; #ws; #timer; #silence; #wait;
    #listeners = new Map();
    #unsent = []; // what was emitted while not connected
    #attempts = 0;
    id = undefined;
    connected = false;
    active = false; // connected, or will be

    constructor(url, options) {
      this.#url = url;
      this.#options = { reconnection: true, reconnectionDelay: 1000, reconnectionDelayMax: 5000, autoConnect: true, ...options };
      if (this.#options.autoConnect) this.connect();
    }

    get disconnected() { return !this.connected; }

    connect() {
      if (!this.active) {
        this.active = true;
        this.#open();
      }
      return this;
    }

    disconnect() {
      const ws = this.#ws;
      if (this.connected) ws.send("41");
      this.#closed(ws, "io client disconnect", false);
      return this;
    }

    on(name, listener) {
      this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), { listener }]);
      return this;
    }

    once(name, listener) {
      const first = (...args) => {
        this.off(name, first);
        listener.apply(this, args);
      };
      first.original = listener;
      return this.on(name, first);
    }

    // off() forgets all listeners, off(name) those of one event, off(name, listener) one.
    off(name, listener) {
      if (name === undefined) this.#listeners.clear();
      else {
        const kept = (this.#listeners.get(name) ?? []).filter((l) => listener && l.listener !== listener && l.listener.original !== listener);
        this.#listeners.set(name, kept);
      }
      return this;
    }

    emit(...event) {
      const packet = "42" + JSON.stringify(event);
      if (this.connected) this.#ws.send(packet);
      else this.#unsent.push(packet);
      return this;
    }

    send(...args) { return this.emit("message", ...args); }
    open() { return this.connect(); }
    close() { return this.disconnect(); }
    removeListener(name, listener) { return this.off(name, listener); }
    removeAllListeners(name) { return this.off(name); }

    #open() {
      const ws = new WebSocket(this.#url);
      this.#ws = ws;
      this.#expect(ws, this.#options.timeout ?? 20000); // a server that never answers
      ws.onmessage = ({ data }) => ws === this.#ws && this.#engine(ws, data);
      ws.onclose = () => this.#closed(ws, "transport close", true);
    }

    // #expect gives up on a connection from which nothing is heard for so long.
    #expect(ws, ms) {
      clearTimeout(this.#silence);
      this.#wait = ms;
      this.#silence = setTimeout(() => this.#closed(ws, "ping timeout", true), ms);
    }

    // #engine takes one packet of Engine.IO. The server pings, and we answer.
    #engine(ws, packet) {
      if (packet[0] === "0") {
        const { pingInterval, pingTimeout } = JSON.parse(packet.slice(1));
        this.#wait = pingInterval + pingTimeout;
        ws.send("40" + (this.#options.auth ? JSON.stringify(this.#options.auth) : ""));
      } else if (packet === "2") ws.send("3");
      this.#expect(ws, this.#wait);
      if (packet[0] === "4") this.#packet(ws, packet[1], packet.slice(2));
    }

    // #packet takes one packet of Socket.IO.
    #packet(ws, type, data) {
      if (type === "0") {
        this.id = JSON.parse(data).sid;
        this.connected = true;
        this.#attempts = 0;
        // First what the page wanted to say, so that a listener of connect comes after it.
        for (const unsent of this.#unsent.splice(0)) ws.send(unsent);
        this.#tell("connect");
      } else if (type === "1") this.#closed(ws, "io server disconnect", false);
      else if (type === "2") this.#tell(...JSON.parse(data));
      else if (type === "4") {
        this.#closed(ws, "io server disconnect", false);
        this.#tell("connect_error", new Error(JSON.parse(data).message));
      }
    }

    #closed(ws, reason, again) {
      if (ws !== this.#ws) return; // an older connection
      const was = this.connected;
      this.#ws = undefined; // of what still comes on it nothing is heard
      ws?.close();
      clearTimeout(this.#silence);
      clearTimeout(this.#timer);
      this.connected = false;
      this.id = undefined;
      this.active = again && this.#options.reconnection;
      if (this.active) this.#timer = setTimeout(() => this.#open(), this.#delay());
      if (was) this.#tell("disconnect", reason);
      else if (again) this.#tell("connect_error", new Error(reason));
    }

    // #delay doubles up to the maximum, and is spread so that not all pages come back at once.
    #delay() {
      const { reconnectionDelay, reconnectionDelayMax } = this.#options;
      return Math.min(reconnectionDelay * 2 ** this.#attempts++, reconnectionDelayMax) * (0.5 + Math.random());
    }

    // A listener that throws must not keep the others, or the connection, from going on.
    #tell(name, ...args) {
      for (const { listener } of this.#listeners.get(name) ?? []) {
        try {
          listener.apply(this, args);
        } catch (error) {
          reportError(error);
        }
      }
    }
  }

  // io(url, options): without a url, the server that this script came from.
  const io = (url, options) => {
    if (typeof url === "object") [url, options] = [undefined, url];
    const target = new URL(url ?? new URL(origin).origin, origin);
    if (target.pathname !== "/") throw new Error(`namespaces are not supported: ${target.pathname}`);
    target.protocol = target.protocol.replace("http", "ws");
    target.pathname = options?.path ?? "/socket.io/";
    target.hash = "";
    for (const [key, value] of Object.entries({ ...options?.query, EIO: 4, transport: "websocket" })) {
      target.searchParams.set(key, value);
    }
    return new Socket(target.href, options);
  };
  io.connect = io.io = io;
  io.protocol = 5;
  globalThis.io = io;
})();
