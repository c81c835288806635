// <call-button>: one button for any page of the web, and the call that follows it.
//
//   <script type="module" src="https://call.example.org/call-button.js"></script>
//   <call-button page="frontdoor">Call us</call-button>
//
// Attributes: page, whom the server's configuration names, or to, a name or an address; server, if the
// script is from elsewhere; media="video"; name, who calls; token, of a guest link. Parts: button, status,
// video, answer, mute, hangup. Colours: --call-accent, --call-on-accent. Event: "callstate", with
// state and call. Nobody is asked for a microphone, and no connection made, before the click.
import { Bridge } from "./jinglebridge.js";
import { STATES, refusal, trouble, why } from "./states.js";
import { Tones } from "./tones.js";

// After these somebody may call back.
const MISSED = new Set(["timeout", "busy", "unavailable", "decline", "gone"]);

const STYLE = `
:host { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; }
:host([hidden]), [hidden] { display: none !important; }
button { min-height: 44px; min-width: 44px; padding: 0.5rem 1.125rem; border: 1px solid transparent; border-radius: 12px; font: inherit; font-weight: 600; cursor: pointer; background: var(--call-accent, #3b47c4); color: var(--call-on-accent, #fff); }
button[part~="hangup"] { background: #bf2537; color: #fff; }
button[part~="answer"] { background: #13764c; color: #fff; }
button[part~="mute"] { background: none; color: inherit; border-color: currentColor; }
button:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
p { margin: 0; overflow-wrap: anywhere; }
video { flex-basis: 100%; width: 100%; max-width: 40rem; border-radius: 12px; background: #0b0c18; }
`;

const BODY = `
<button part="button" type="button"><slot>Call</slot></button>
<p part="status" role="status"></p>
<button part="answer" type="button" hidden>Answer</button>
<button part="mute" type="button" aria-pressed="false" hidden>Mute</button>
<button part="hangup" type="button" hidden>Hang up</button>
<video part="video" autoplay playsinline hidden aria-label="Picture of the other side"></video>
`;

export class CallButton extends (globalThis.HTMLElement ?? Object) {
  /** @type {Bridge | null} */ bridge = null;
  /** The call that runs, or rings. @type {import("./jinglebridge.js").Call | null} */ call = null;
  #parts = /** @type {any} */ ({});
  #tones = new Tones();
  #entering = false;

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = BODY;
    for (const one of root.querySelectorAll("[part]")) this.#parts[one.getAttribute("part")] = one;
    const { button, answer, mute, hangup, video } = this.#parts;
    button.onclick = () => this.#start();
    answer.onclick = () => this.#answer();
    mute.onclick = () => this.call?.mute("audio", !this.call.muted.audio).catch((error) => this.#say(trouble(error)));
    hangup.onclick = () => { if (this.call) this.call.hangUp(); else this.#leave(); };
    video.onresize = () => this.#draw();
  }

  disconnectedCallback() {
    this.#tones.stop();
    this.#leave();
  }

  get #whom() { return this.getAttribute("page") ?? this.getAttribute("to") ?? ""; }

  async #start() {
    this.#tones.unlock();
    if (this.#entering || this.call) return;
    try {
      await this.#enter();
      const video = this.getAttribute("media") === "video";
      if (this.bridge) this.#watch(this.bridge.call(this.#whom, { audio: true, video }));
    } catch (error) {
      const who = this.hasAttribute("page") ? "visitor" : this.hasAttribute("token") ? "guest" : "name";
      this.#say(this.bridge ? trouble(error, this.#whom) : refusal(error, who));
    }
  }

  async #enter() {
    if (this.bridge) return;
    const page = this.getAttribute("page") ?? undefined;
    const token = this.getAttribute("token") ?? undefined;
    const name = this.getAttribute("name") ?? (page || token ? undefined : `visitor-${Math.random().toString(36).slice(2, 10)}`);
    const server = this.getAttribute("server") ?? new URL("ws", import.meta.url);
    const bridge = new Bridge(server, { page, token, name, caps: ["invite"] });
    bridge.addEventListener("call", (e) => this.#called(e.call));
    bridge.addEventListener("state", (e) => this.#turned(bridge, e));
    this.#entering = true;
    this.#parts.status.textContent = "Connecting…";
    try {
      await bridge.login();
      if (this.isConnected) this.bridge = bridge;
      else bridge.close();
    } finally {
      this.#entering = false;
    }
  }

  #turned(bridge, { state, error }) {
    if (bridge !== this.bridge) return;
    if (state === "offline" && !this.call) this.#say({ text: "The connection is lost. Trying again…", next: "" });
    else if (state === "online" && !this.call) this.#wait();
    else if (state === "closed") {
      this.bridge = null;
      this.#draw();
      if (error) this.#say(trouble(error));
    }
  }

  // Somebody calls back.
  #called(call) {
    if (this.call) return call.decline("busy");
    this.#watch(call);
    this.#parts.answer.focus();
  }

  #watch(call) {
    this.call = call;
    for (const type of ["state", "mute", "track"]) call.addEventListener(type, (e) => call === this.call && this.#moved(e.type === "state"));
    this.#moved(true);
  }

  async #answer() {
    this.#tones.unlock();
    const { call } = this;
    try {
      await call?.accept({ audio: true, video: this.getAttribute("media") === "video" });
    } catch (error) {
      if (!call.ended) this.#say(trouble(error));
    }
  }

  #moved(turned) {
    const { call } = this;
    const { text, tone } = STATES[call.state];
    this.#draw();
    if (!turned) return;
    const ended = call.ended && why(call.ended, call.title);
    if (ended) this.#ended(call, ended);
    else this.#say({ text: call.state === "incoming" ? `${call.title} is calling you.` : `${text}${call.state === "connected" ? "." : "…"}`, next: "" });
    this.#tones.play(ended?.tone ?? tone);
    this.dispatchEvent(Object.assign(new Event("callstate", { bubbles: true, composed: true }), { state: call.state, call }));
  }

  // Whom nobody answered may be called back as long as the page is open.
  #ended(call, { text, next }) {
    const waits = !call.connectedAt && MISSED.has(call.ended.reason) && this.bridge?.state === "online";
    this.call = null;
    if (waits) this.#wait();
    else this.#leave();
    this.#say(waits ? { text, next: "Keep this page open, and you can be called back." } : { text, next });
  }

  #wait() {
    this.#draw();
    this.#parts.hangup.textContent = "Stop waiting";
    this.#parts.hangup.hidden = false;
    this.#say({ text: "Keep this page open, and you can be called back.", next: "" });
  }

  #leave() {
    const { bridge } = this;
    this.bridge = this.call = null;
    bridge?.close();
    this.#draw();
    this.#say({ text: "", next: "" });
  }

  #draw() {
    const { button, answer, mute, hangup, video } = this.#parts;
    const { call } = this;
    const running = Boolean(call && !call.ended);
    const focused = this.shadowRoot.activeElement;
    button.hidden = running;
    answer.hidden = call?.state !== "incoming";
    mute.hidden = !running || !STATES[call.state].buttons.includes("mute");
    mute.ariaPressed = String(Boolean(call?.muted.audio));
    hangup.hidden = !running;
    hangup.textContent = call?.state === "incoming" ? "Decline" : "Hang up";
    const stream = running ? call.remoteStream : null;
    if (video.srcObject !== stream) video.srcObject = stream;
    video.hidden = !running || !call.receivesVideo || !video.videoWidth;
    if (focused?.hidden) [hangup, button].find((b) => !b.hidden)?.focus();
  }

  #say({ text, next }) { this.#parts.status.textContent = `${text} ${next}`.trim(); }
}

if (globalThis.customElements && !customElements.get("call-button")) customElements.define("call-button", CallButton);
