// The call page: who is here, and what happens when somebody clicks or calls.
import { CallView } from "./callview.js";
import { Bridge, supported } from "./jinglebridge.js";
import { People } from "./people.js";
import { Ringing } from "./ringing.js";
import { refusal, trouble, why } from "./states.js";
import { Talk } from "./talk.js";
import { Tones } from "./tones.js";
import { $, avatar, say, show } from "./view.js";
import { Visit, visited } from "./visit.js";

/** Where each view tells what went wrong. */
const TROUBLE = { login: "login-error", visit: "visit-error", home: "dial-error", person: "talk-error", call: "note" };

class Page {
  /** @type {Bridge | null} */ #bridge = null;
  #tones = new Tones();
  /** Set on the page of visitors and guests. @type {Visit | null} */ #visit = null;
  #from = { view: "home", focus: null }; // where one was before the call
  #hooks = {
    bridge: () => this.#bridge,
    call: (name, video) => this.#begin(name, video),
    complain: (id, error, title) => this.#complain(id, error, title),
  };
  #view = new CallView(this.#tones, {
    ...this.#hooks,
    again: (name, video) => this.#begin(name, video),
    left: (call) => this.#left(call),
    advice: (call) => this.#visit?.advice(call),
  });
  #ringing = new Ringing(this.#tones, {
    ...this.#hooks,
    taken: (call) => this.#watch(call),
    over: (call) => this.#rangOut(call),
  });
  #people = new People({ ...this.#hooks, open: (name) => this.#talk.open(name), talks: () => this.#talk.list() });
  #talk = new Talk({
    ...this.#hooks,
    changed: () => this.#people.draw(),
    left: () => this.#goHome(),
  });

  start() {
    this.#wire();
    if (!supported()) this.#complain("login-error", { code: isSecureContext ? "no-webrtc" : "insecure" });
    const what = visited();
    if (what) {
      this.#visit = new Visit(what, { ...this.#hooks, enter: (options) => this.#enter(options) });
      this.#visit.start();
      if (!supported()) this.#complain("visit-error", { code: isSecureContext ? "no-webrtc" : "insecure" });
      return;
    }
    const params = new URLSearchParams(location.search);
    $("name").value = params.get("name") ?? remembered() ?? "";
    $("to").value = params.get("to") ?? hash() ?? called() ?? "";
    this.#named();
    ($("name").value ? $("login") : $("name")).focus();
  }

  #wire() {
    $("login-form").onsubmit = (e) => this.#login(e);
    $("name").oninput = () => this.#named();
    $("dial-form").onsubmit = (e) => this.#dial(e, false);
    $("status-form").onsubmit = (e) => this.#present(e);
    $("show").onchange = $("status").onchange = () => this.#present();
    const acts = {
      "call-video": () => this.#dial(null, true),
      add: () => this.#add(),
      logout: () => this.#bridge?.close(),
      copy: () => this.#copy(),
      notify: () => Notification.requestPermission().then(() => this.#home()),
    };
    for (const [id, act] of Object.entries(acts)) $(id).onclick = act;
    addEventListener("hashchange", () => { $("to").value = hash() ?? $("to").value; });
  }

  // An address is an account, and has a password.
  #named() {
    if ($("name").value.includes("@")) $("proof").hidden = false;
  }

  async #login(event) {
    event.preventDefault();
    this.#tones.unlock();
    const name = $("name").value.trim();
    $("login-error").textContent = "";
    if (!name) return this.#complain("login-error", { text: "Please type a name.", next: "" }, "", $("name"));
    const password = $("proof").hidden ? undefined : $("password").value || undefined;
    if (name.includes("@") && !password) return this.#complain("login-error", { text: "Please type the password of this account.", next: "" }, "", $("password"));
    if (this.#bridge) return; // already under way
    say("Connecting.");
    try {
      await this.#enter({ name, password });
    } catch (error) {
      return this.#refused(error, name);
    }
    $("password").value = "";
    remember(name);
    this.#present();
    this.#home();
    show("home", $("to"));
    say(`You are online as ${this.#bridge?.name}.`);
  }

  /** Logs in, or says why not. */
  async #enter(options) {
    const bridge = this.#bridge = $("app").bridge = new Bridge(new URL("ws", import.meta.url), options);
    const changed = () => { this.#people.draw(); this.#talk.draw(); };
    for (const type of ["presence", "removed", "request"]) bridge.addEventListener(type, changed);
    bridge.addEventListener("state", (e) => this.#turned(e));
    bridge.addEventListener("request", ({ request }) => !request.settled && say(`${request.title} asks to see when you are online.`));
    bridge.addEventListener("answered", (e) => say(`${e.name} ${e.allowed ? "has accepted you as a contact." : "does not show you when they are online."}`));
    bridge.addEventListener("call", (e) => this.#called(e.call));
    bridge.addEventListener("missed", (e) => this.#people.miss(e.call, e.call.at));
    if (!this.#visit) bridge.addEventListener("message", (e) => this.#talk.received(e.message));
    bridge.addEventListener("delivery", (e) => this.#talk.delivered(e.message));
    bridge.addEventListener("error", (e) => this.#complain(TROUBLE[$("app").dataset.view], e.error));
    try {
      await bridge.login();
    } catch (error) {
      this.#bridge = null;
      throw error;
    }
  }

  // A password is asked for once the server has said that this name needs one.
  #refused(error, name) {
    const account = name.includes("@");
    const prove = error.methods?.includes(account ? "xmpp" : "password") && ["auth-required", "auth-failed", "name-taken"].includes(error.code);
    if (prove) $("proof").hidden = false;
    // Where no accounts can log in, an address is as bad a name as any with an @.
    if (account && !error.methods?.includes("xmpp") && error.code === "bad-name") error = { code: "auth-required" };
    const first = prove && error.code === "auth-required" ? { text: "Please type the password of this name.", next: "" } : refusal(error, account ? "account" : "name");
    this.#complain("login-error", first, "", prove || (account && error.code === "auth-failed") ? $("password") : $("name"));
  }

  #home() {
    const { name, jid, caps } = this.#bridge;
    $("me").textContent = name;
    $("jid").textContent = (jid || "Online").replace(/\/.*$/, "");
    $("jid").hidden = $("jid").textContent === name; // an account is called by its address
    avatar($("me-avatar"), name);
    $("copy").hidden = !jid || !navigator.clipboard;
    $("add").hidden = !caps.has("roster");
    const asks = typeof Notification === "function" && Notification.permission === "default";
    if (!asks && document.activeElement === $("notify")) $("to").focus();
    $("notify").hidden = !asks;
    this.#people.draw();
    this.#talk.draw();
  }

  #turned({ state, error }) {
    const lost = state === "offline" || (state === "connecting" && Boolean(this.#bridge.jid));
    $("banner").textContent = lost ? "The connection to the call server is lost. Trying again…" : "";
    if (this.#visit) this.#visit.lost(lost);
    else if (state === "online") this.#home();
    if (state !== "closed" || $("app").dataset.view === "login") return;
    this.#bridge = null;
    if (this.#visit) return this.#visit.failed(error);
    this.#people.clear();
    this.#talk.clear();
    $("remove").close();
    show("login", $("name"));
    if (error) this.#complain("login-error", refusal(error, "name"));
    else say("You are offline.");
  }

  #present(event) {
    event?.preventDefault();
    this.#bridge?.present({ show: $("show").value, status: $("status").value.trim() });
    if (event) say("Others see it now.");
  }

  #address() { return $("to").value.trim().replace(/^xmpp:/i, "").replace(/\?.*$/, ""); }

  #dial(event, video) {
    event?.preventDefault();
    const name = this.#address();
    if (name) return this.#begin(name, video);
    this.#complain("dial-error", { text: "Please type a name or an address.", next: "" }, "", $("to"));
  }

  async #add() {
    const name = this.#address();
    $("dial-error").textContent = "";
    if (!name) return this.#complain("dial-error", { text: "Please type a name or an address.", next: "" }, "", $("to"));
    try {
      await this.#bridge.add(name);
      $("to").value = "";
      say(`Asked ${name} to show you when they are online.`);
    } catch (error) {
      this.#complain("dial-error", error, name, $("to"));
    }
  }

  #begin(name, video) {
    const { view } = $("app").dataset;
    this.#tones.unlock();
    $(TROUBLE[view]).textContent = "";
    if (this.#ringing.call || this.#view.busy) return;
    try {
      this.#watch(this.#bridge.call(name, { audio: true, video }));
    } catch (error) {
      this.#complain(TROUBLE[view], error);
    }
  }

  // From here on the call has the call view.
  #watch(call) {
    const { view } = $("app").dataset;
    if (view !== "call") this.#from = { view, focus: call.incoming ? null : document.activeElement };
    this.#view.watch(call);
  }

  // The call view is closed: back to where one was.
  #left(call) {
    if (this.#visit) return this.#visit.left(call);
    if (!this.#bridge) return show("login", $("name"));
    const { view, focus } = this.#from;
    show(view);
    this.#people.draw();
    (focus?.checkVisibility?.() ? focus : view === "person" ? $("person-back") : $("to")).focus();
  }

  #goHome() {
    show("home", $("to"));
    this.#people.draw();
  }

  // Somebody calls.
  #called(call) {
    if (!this.#ringing.call && !this.#view.busy) return this.#ringing.ring(call);
    this.#people.miss(call, null, this.#view.busy);
    call.decline("busy");
  }

  #rangOut(call) {
    const { reason, remote } = call.ended;
    if (remote && reason !== "elsewhere") this.#people.miss(call, null, this.#view.busy);
    else say(why(call.ended, call.title).text);
    if (!this.#view.redraw()) $("app").dataset.state = "";
    // The dialog gives the focus back to what had it; where that is gone, to the field.
    if (document.activeElement === document.body) $("to").focus();
  }

  async #copy() {
    const jid = $("jid").textContent;
    await navigator.clipboard.writeText(jid).then(() => say(`Copied ${jid}.`), () => say(`Your address is ${jid}.`));
  }

  #complain(id, error, title = "", focus) {
    const { text, next } = error.text === undefined ? trouble(error, title, id === "talk-error" ? "message" : "") : error;
    $(id).textContent = `${text} ${next}`.trim();
    focus?.focus();
  }
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
