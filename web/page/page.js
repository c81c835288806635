// The call page: what happens when somebody clicks, and when somebody calls.
import { Bridge, supported } from "./jinglebridge.js";
import { STATES, clock, fill, trouble, why } from "./states.js";
import { Tones } from "./tones.js";
import { $, avatar, buttons, icon, people, person, say, show } from "./view.js";

const MISSED = 20;
const PATIENCE = 800; // ms

class Page {
  /** @type {Bridge | null} */ #bridge = null;
  /** In the call view. @type {import("./jinglebridge.js").Call | null} */ #call = null;
  /** In the dialog. @type {import("./jinglebridge.js").Call | null} */ #ringing = null;
  #tones = new Tones();
  #missed = [];
  #back = null; // what had the focus before the call
  #drawing = false;
  #clock;
  #blink;
  /** @type {Notification | null} */ #note = null;
  #lock;

  start() {
    this.#wire();
    const params = new URLSearchParams(location.search);
    $("name").value = params.get("name") ?? remembered() ?? "";
    $("to").value = params.get("to") ?? hash() ?? called() ?? "";
    if (!supported()) this.#complain("login-error", { code: isSecureContext ? "no-webrtc" : "insecure" });
    ($("name").value ? $("login") : $("name")).focus();
  }

  #wire() {
    $("login-form").onsubmit = (e) => this.#login(e);
    $("dial-form").onsubmit = (e) => this.#dial(e, false);
    const acts = {
      "call-video": () => this.#dial(null, true),
      logout: () => this.#bridge?.close(),
      copy: () => this.#copy(),
      notify: () => Notification.requestPermission().then(() => this.#home()),
      hangup: () => this.#call?.hangUp(),
      mute: () => this.#toggle("audio"),
      camera: () => this.#toggle("video"),
      again: () => this.#again(true),
      "again-audio": () => this.#again(false),
      close: () => this.#leave(),
      answer: () => this.#answer(true),
      "answer-audio": () => this.#answer(false),
      decline: () => this.#ringing?.decline(),
    };
    for (const [id, act] of Object.entries(acts)) $(id).onclick = act;
    // Esc in the dialog declines; the dialog closes when the call has ended.
    $("incoming").oncancel = (e) => { e.preventDefault(); this.#ringing?.decline(); };
    $("remote").onresize = () => this.#call && this.#render(this.#call, false);
    // Single keys only while the focus is in the call (WCAG 2.1.4).
    $("call").onkeydown = (e) => this.#key(e);
    addEventListener("hashchange", () => { $("to").value = hash() ?? $("to").value; });
  }

  async #login(event) {
    event.preventDefault();
    this.#tones.unlock();
    const name = $("name").value.trim();
    $("login-error").textContent = "";
    if (!name) return this.#complain("login-error", { text: "Please type a name.", next: "" }, $("name"));
    if (this.#bridge) return; // already under way
    const password = $("proof").hidden ? undefined : $("password").value || undefined;
    const bridge = this.#bridge = $("app").bridge = new Bridge(new URL("ws", import.meta.url), { name, password });
    bridge.addEventListener("state", (e) => this.#turned(e));
    bridge.addEventListener("presence", () => this.#draw());
    bridge.addEventListener("call", (e) => this.#called(e.call));
    bridge.addEventListener("missed", (e) => this.#miss(e.call, e.call.at));
    bridge.addEventListener("error", (e) => this.#complain("dial-error", e.error));
    say("Connecting.");
    try {
      await bridge.login();
    } catch (error) {
      this.#bridge = null;
      return this.#refused(error);
    }
    $("password").value = "";
    remember(name);
    this.#home();
    show("home", $("to"));
    say(`You are online as ${bridge.name}.`);
  }

  // A password is asked for once the server has said that this name needs one.
  #refused(error) {
    const prove = error.methods?.includes("password") && ["auth-required", "auth-failed", "name-taken"].includes(error.code);
    if (prove) $("proof").hidden = false;
    const first = prove && error.code === "auth-required" ? { text: "Please type the password of this name.", next: "" } : error;
    this.#complain("login-error", first, prove ? $("password") : $("name"));
  }

  #home() {
    const { name, jid } = this.#bridge;
    $("me").textContent = name;
    $("jid").textContent = jid || "Online";
    avatar($("me-avatar"), name);
    $("copy").hidden = !jid || !navigator.clipboard;
    const asks = typeof Notification === "function" && Notification.permission === "default";
    if (!asks && document.activeElement === $("notify")) $("to").focus();
    $("notify").hidden = !asks;
    this.#draw();
  }

  #turned({ state, error }) {
    if (state === "online") this.#home();
    const lost = state === "offline" || (state === "connecting" && this.#bridge.jid);
    $("banner").textContent = lost ? "The connection to the call server is lost. Trying again…" : "";
    if (state !== "closed" || $("app").dataset.view === "login") return;
    this.#bridge = null;
    this.#missed = [];
    show("login", $("name"));
    if (error) this.#complain("login-error", error);
    else say("You are offline.");
  }

  // Many presences at once are drawn once.
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      const call = (name, video) => this.#begin(name, video);
      const rank = (c) => (c.show === "unavailable" ? 2 : c.media.length ? 0 : 1);
      const all = [...(this.#bridge?.contacts.values() ?? [])].sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title));
      people($("contacts"), all.map(person), call);
      $("nobody").hidden = all.length > 0;
      people($("missed"), this.#missed, call);
      $("missed-part").hidden = !this.#missed.length;
    });
  }

  #dial(event, video) {
    event?.preventDefault();
    const name = $("to").value.trim().replace(/^xmpp:/i, "").replace(/\?.*$/, "");
    if (name) return this.#begin(name, video);
    this.#complain("dial-error", { text: "Please type a name or an address.", next: "" }, $("to"));
  }

  #begin(name, video) {
    this.#tones.unlock();
    $("dial-error").textContent = "";
    if (this.#ringing || (this.#call && !this.#call.ended)) return;
    this.#back = document.activeElement;
    try {
      this.#watch(this.#bridge.call(name, { audio: true, video }));
    } catch (error) {
      this.#complain("dial-error", error);
    }
  }

  #again(video) {
    const { name, media } = this.#call;
    this.#call = null;
    this.#begin(name, video && media.includes("video"));
    if (!this.#call) show("home", $("to"));
  }

  // From here on the call has the call view.
  #watch(call) {
    this.#call = $("app").call = call;
    $("note").textContent = "";
    call.addEventListener("state", () => this.#render(call));
    call.addEventListener("mute", () => this.#render(call, false));
    call.addEventListener("track", () => this.#render(call, false));
    this.#render(call);
    show("call", [...$("call").querySelectorAll(".controls button")].find((b) => !b.hidden));
  }

  #render(call, turned = true) {
    if (call !== this.#call) return;
    const state = STATES[call.state];
    const ended = call.ended && why(call.ended, call.title);
    $("app").dataset.state = call.state;
    avatar($("call-avatar"), call.title);
    $("who").textContent = call.title;
    $("state").textContent = state.text + (["asking", "calling", "ringing", "accepted", "connecting"].includes(call.state) ? "…" : "");
    $("reason").textContent = ended?.text ?? "";
    $("next").textContent = ended?.next ?? "";
    this.#pictures(call);
    this.#switches(call);
    const withoutCamera = call.ended && ["media", "incompatible"].includes(call.ended.reason) && call.media.includes("video");
    buttons([...state.buttons, ...(withoutCamera ? ["again-audio"] : [])], $("call"));
    if (!turned) return;
    this.#tell(call, ended ? `${ended.text} ${ended.next}`.trim() : fill(state.say, call.title));
    this.#tones.play(ended?.tone ?? state.tone);
    document.title = ended ? "jinglebridge" : `${state.text}: ${call.title}`;
    this.#tick(call);
    this.#awake(!ended);
    if (ended) $("note").textContent = "";
  }

  // Where the browser need not ask, nobody need hear of it.
  #tell(call, sentence) {
    const { state } = call;
    setTimeout(() => call.state === state && say(sentence), state === "asking" ? PATIENCE : 0);
  }

  #pictures(call) {
    // COMPAT Chromium 156: after a rollback a track stays muted while its pictures come, so the
    // size of the picture is what tells.
    $("call").toggleAttribute("data-picture", !call.ended && call.receivesVideo && $("remote").videoWidth > 0);
    attach($("remote"), call.ended ? null : call.remoteStream);
    attach($("local"), call.ended ? null : call.localStream);
    $("local").hidden = Boolean(call.ended) || call.muted.video;
    $("remote-muted").hidden = !call.remoteMuted.audio || Boolean(call.ended);
    $("remote-muted").textContent = `${call.title}'s microphone is off`;
  }

  #switches({ muted: { audio, video } }) {
    $("mute").ariaPressed = String(audio);
    icon($("mute"), audio ? "mic-off" : "mic");
    $("camera").ariaPressed = String(video);
    icon($("camera"), video ? "camera-off" : "camera");
  }

  #tick(call) {
    clearInterval(this.#clock);
    const draw = () => { $("timer").textContent = call.connectedAt ? clock((Date.now() - call.connectedAt) / 1000) : ""; };
    draw();
    if (call.state === "connected" || call.state === "reconnecting") this.#clock = setInterval(draw, 1000);
  }

  async #toggle(kind) {
    const call = this.#call;
    if (!call || !STATES[call.state].buttons.includes("mute")) return;
    const on = !call.muted[kind];
    $("note").textContent = "";
    try {
      await call.mute(kind, on);
      say({ audio: ["Microphone on.", "Microphone off."], video: ["Camera on.", "Camera off."] }[kind][Number(on)]);
    } catch (error) {
      if (!call.ended) this.#complain("note", error);
    }
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.#call) return;
    const early = ["asking", "calling", "ringing"].includes(this.#call.state);
    if (event.key === "m") this.#toggle("audio");
    else if (event.key === "v") this.#toggle("video");
    else if (event.key === "Escape" && this.#call.ended) this.#leave();
    else if (event.key === "Escape" && early) this.#call.hangUp();
  }

  #leave() {
    this.#call = null;
    this.#tones.stop();
    $("app").dataset.state = "";
    show("home");
    this.#draw();
    const back = this.#back?.checkVisibility?.() ? this.#back : $("to");
    back.focus();
  }

  // Somebody calls.
  #called(call) {
    if (this.#ringing || (this.#call && !this.#call.ended)) {
      this.#miss(call);
      return call.decline("busy");
    }
    this.#ringing = $("app").call = call;
    call.addEventListener("state", () => this.#rang(call));
    const video = call.media.includes("video");
    avatar($("incoming-avatar"), call.title);
    $("caller").textContent = call.title;
    const who = call.title === call.name ? "" : `${call.name} · `;
    $("incoming-text").textContent = `${who}${video ? "Incoming video call" : "Incoming call"}`;
    $("incoming-error").textContent = "";
    $("answer").querySelector(".label").textContent = video ? "Answer with camera" : "Answer";
    icon($("answer"), video ? "camera" : "phone");
    $("answer-audio").hidden = !video;
    $("app").dataset.state = "incoming";
    $("incoming").showModal();
    $("answer").focus();
    say(fill(STATES.incoming.say, call.title));
    this.#tones.play("ring");
    this.#attract(call.title);
  }

  async #answer(camera) {
    const call = this.#ringing;
    if (call?.state !== "incoming") return;
    this.#tones.unlock();
    $("incoming-error").textContent = "";
    try {
      await call.accept({ audio: true, video: camera });
    } catch (error) {
      if (call.ended) return;
      this.#complain("incoming-error", error);
      ($("answer-audio").hidden ? $("answer") : $("answer-audio")).focus();
    }
  }

  #rang(call) {
    if (call !== this.#ringing || call.state === "incoming") return;
    this.#tones.stop();
    if (call.state === "asking") return void ($("incoming-text").textContent = STATES.asking.text);
    this.#calm();
    this.#ringing = null;
    $("incoming").close();
    if (!call.ended) {
      this.#back = null;
      return this.#watch(call);
    }
    const { reason, remote } = call.ended;
    if (remote && reason !== "elsewhere") this.#miss(call);
    else say(why(call.ended, call.title).text);
    if (this.#call) this.#render(this.#call, false);
    else $("app").dataset.state = "";
    // The dialog gives the focus back to what had it; where that is gone, to the field.
    if (document.activeElement === document.body) $("to").focus();
  }

  // A call that came before the login says when it was.
  #miss({ name, title, media }, away) {
    const clock = { hour: "2-digit", minute: "2-digit" };
    const at = away ? away.toLocaleString([], { ...clock, day: "numeric", month: "short" }) : new Date().toLocaleTimeString([], clock);
    const busy = this.#call && !this.#call.ended;
    const how = away ? "while you were away" : busy ? "while you were in a call" : "not answered";
    this.#missed = [
      { name, title, media, tone: "none", text: `${at} · ${how}` },
      ...this.#missed.filter((m) => m.name !== name),
    ].slice(0, MISSED);
    this.#draw();
    say(`Missed call from ${title}.`);
  }

  // A page in the background has only its title and a notification.
  #attract(title) {
    const texts = [`☎ ${title} is calling`, "jinglebridge"];
    let turn = 0;
    document.title = texts[0];
    this.#blink = setInterval(() => { document.title = texts[++turn % 2]; }, 1000);
    if (!document.hidden || typeof Notification !== "function" || Notification.permission !== "granted") return;
    try {
      this.#note = new Notification(`${title} is calling`, { icon: "/icon.svg", tag: "call", requireInteraction: true });
      this.#note.onclick = () => { window.focus(); this.#note?.close(); };
    } catch {
      // COMPAT Chrome for Android: notifications only from a service worker.
    }
  }

  #calm() {
    clearInterval(this.#blink);
    this.#note?.close();
    this.#note = null;
    document.title = "jinglebridge";
  }

  async #copy() {
    const { jid } = this.#bridge;
    await navigator.clipboard.writeText(jid).then(() => say(`Copied ${jid}.`), () => say(`Your address is ${jid}.`));
  }

  // A telephone whose screen goes dark stops the camera.
  async #awake(on) {
    this.#lock?.release();
    this.#lock = null;
    if (!on || !navigator.wakeLock) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#lock || !this.#call || this.#call.ended) lock.release();
      else this.#lock = lock;
    } catch {
      // Battery low, or not visible: the call goes on without.
    }
  }

  #complain(id, error, focus) {
    const { text, next } = error.text === undefined ? trouble(error, this.#call?.title) : error;
    $(id).textContent = `${text} ${next}`.trim();
    focus?.focus();
  }
}

function attach(video, stream) {
  if (video.srcObject !== stream) video.srcObject = stream;
}

// Storage may be forbidden, and the page works without.
function remembered() {
  try { return localStorage.getItem("name"); } catch { return null; }
}

function remember(name) {
  try { localStorage.setItem("name", name); } catch { /* as said */ }
}

function hash() { return decode(location.hash.slice(1)); }

// The page also answers at /call/<name>.
function called() { return decode(location.pathname.match(/\/call\/([^/]+)/)?.[1]); }

function decode(text) {
  try { return decodeURIComponent(text ?? "") || null; } catch { return null; }
}

new Page().start();
