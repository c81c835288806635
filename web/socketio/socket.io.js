// A small Socket.IO client: Engine.IO 4 over one WebSocket, events in the namespace "/", and
// reconnecting. For polling, binary data or acknowledgements take the npm package
// socket.io-client, which this server understands, too.
(() => {
  "use strict";
  const origin = document.currentScript?.src || location.href; // known only while the script is first run

  class Socket {
    #url; #options; #ws; #timer; #wait;
    #listeners = []; // {name, listener, once}
    #unsent = []; // what was emitted while not connected
    #attempts = 0;
    id = undefined;
    connected = false;
    active = false; // connected, or will be

    constructor(url, options) {
      this.#url = url;
      this.#options = { reconnection: true, reconnectionDelay: 1000, reconnectionDelayMax: 5000, timeout: 20000, ...options };
      if (this.#options.autoConnect !== false) this.connect();
    }

    get disconnected() { return !this.connected; }
    connect() {
      if (!this.active) this.#open();
      return this;
    }
    disconnect() {
      if (this.connected) this.#ws.send("41");
      return this.#closed(this.#ws, "io client disconnect", false);
    }
    emit(...event) {
      const packet = "42" + JSON.stringify(event);
      if (this.connected) this.#ws.send(packet);
      else this.#unsent.push(packet);
      return this;
    }
    on(name, listener, once = false) {
      this.#listeners = [...this.#listeners, { name, listener, once }];
      return this;
    }
    once(name, listener) { return this.on(name, listener, true); }
    send(...args) { return this.emit("message", ...args); }
    close() { return this.disconnect(); }
    // off() forgets all listeners, off(name) those of one event, off(name, listener) one.
    off(...which) {
      this.#listeners = this.#listeners.filter((l) => ![l.name, l.listener].slice(0, which.length).every((x, i) => x === which[i]));
      return this;
    }

    #open() {
      this.active = true;
      const ws = this.#ws = new WebSocket(this.#url);
      this.#expect(ws, this.#options.timeout);
      ws.onmessage = ({ data }) => ws === this.#ws && this.#packet(ws, data);
      ws.onclose = () => this.#closed(ws, "transport close");
    }

    // #expect gives up on a connection from which nothing is heard for so long.
    #expect(ws, ms) {
      clearTimeout(this.#timer);
      this.#wait = ms;
      this.#timer = setTimeout(() => this.#closed(ws, "ping timeout"), ms);
    }

    #packet(ws, packet) {
      const type = /^4?./.exec(packet)[0], data = packet.slice(type.length);
      this.#expect(ws, this.#wait);
      if (type === "0") {
        const { pingInterval, pingTimeout } = JSON.parse(data);
        this.#expect(ws, pingInterval + pingTimeout);
        ws.send("40");
      } else if (type === "2") ws.send("3");
      else if (type === "40") {
        this.id = JSON.parse(data).sid;
        this.connected = true;
        this.#attempts = 0;
        // First what the page wanted to say, so that a listener of connect comes after it.
        for (const unsent of this.#unsent.splice(0)) ws.send(unsent);
        this.#tell("connect");
      } else if (type === "42") this.#tell(...JSON.parse(data));
      else if (type === "41") this.#closed(ws, "io server disconnect", false);
      else if (type === "44") {
        this.#closed(ws, "io server disconnect", false);
        this.#tell("connect_error", new Error(JSON.parse(data).message));
      }
    }

    #closed(ws, reason, again = true) {
      if (ws !== this.#ws) return this; // an older connection
      const was = this.connected;
      this.#ws = this.id = undefined; // of what still comes on it nothing is heard
      this.connected = false;
      this.active = again && this.#options.reconnection;
      ws?.close();
      clearTimeout(this.#timer);
      if (this.active) { // the wait doubles up to the maximum, and is spread so that not all pages come back at once
        const { reconnectionDelay: least, reconnectionDelayMax: most } = this.#options;
        this.#timer = setTimeout(() => this.#open(), Math.min(least * 2 ** this.#attempts++, most) * (0.5 + Math.random()));
      }
      if (was) this.#tell("disconnect", reason);
      else if (again) this.#tell("connect_error", new Error(reason));
      return this;
    }

    // A listener that throws must not keep the others, or the connection, from going on.
    #tell(name, ...args) {
      const heard = this.#listeners.filter((l) => l.name === name);
      this.#listeners = this.#listeners.filter((l) => l.name !== name || !l.once);
      for (const { listener } of heard) {
        try { listener.apply(this, args); } catch (error) { reportError(error); }
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
    for (const pair of Object.entries({ ...options?.query, EIO: 4, transport: "websocket" })) target.searchParams.set(...pair);
    return new Socket(target.href, options);
  };
  globalThis.io = Object.assign(io, { connect: io, io, protocol: 5 });
})();
