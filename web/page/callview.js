// The call view: one call, from the first click to the reason why it ended.
import { STATES, clock, fill, why } from "./states.js";
import { $, avatar, buttons, icon, say, show } from "./view.js";

const PATIENCE = 800; // ms
const TITLE = document.title;

export class CallView {
  /** @type {import("./jinglebridge.js").Call | null} */ #call = null;
  #tones;
  #hooks;
  #clock;
  #lock;

  /**
   * @param {import("./tones.js").Tones} tones
   * @param {object} hooks
   * @param {(name: string, video: boolean) => void} hooks.again
   * @param {(call: import("./jinglebridge.js").Call) => void} hooks.left the view is closed
   * @param {(call: import("./jinglebridge.js").Call) => string | undefined} hooks.advice instead of the usual next step
   * @param {(id: string, error: any) => void} hooks.complain
   */
  constructor(tones, hooks) {
    this.#tones = tones;
    this.#hooks = hooks;
    const acts = {
      hangup: () => this.#call?.hangUp(),
      mute: () => this.#toggle("audio"),
      camera: () => this.#toggle("video"),
      again: () => this.#again(true),
      "again-audio": () => this.#again(false),
      close: () => this.#leave(),
    };
    for (const [id, act] of Object.entries(acts)) $(id).onclick = act;
    $("remote").onresize = () => this.redraw();
    // Single keys only while the focus is in the call (WCAG 2.1.4).
    $("call").onkeydown = (e) => this.#key(e);
  }

  get busy() { return Boolean(this.#call && !this.#call.ended); }

  /** Shows a call from here on. */
  watch(call) {
    this.#call = $("app").call = call;
    $("note").textContent = "";
    call.addEventListener("state", () => this.#render(call));
    call.addEventListener("mute", () => this.#render(call, false));
    call.addEventListener("track", () => this.#render(call, false));
    this.#render(call);
    show("call", [...$("call").querySelectorAll(".controls button")].find((b) => !b.hidden));
  }

  /** Draws the call again, if there is one, and says whether. */
  redraw() {
    if (this.#call) this.#render(this.#call, false);
    return Boolean(this.#call);
  }

  #again(video) {
    const call = this.#call;
    this.#call = null;
    this.#hooks.again(call.name, video && call.media.includes("video"));
    if (!this.#call) this.#hooks.left(call);
  }

  #render(call, turned = true) {
    if (call !== this.#call) return;
    const state = STATES[call.state];
    const ended = call.ended && this.#ended(call);
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
    document.title = ended ? TITLE : `${state.text}: ${call.title}`;
    this.#tick(call);
    this.#awake(!ended);
    if (ended) $("note").textContent = "";
  }

  #ended(call) {
    const row = why(call.ended, call.title);
    return { ...row, next: this.#hooks.advice(call) ?? row.next };
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
      if (!call.ended) this.#hooks.complain("note", error, call.title);
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
    const call = this.#call;
    this.#call = null;
    this.#tones.stop();
    $("app").dataset.state = "";
    this.#hooks.left(call);
  }

  // A telephone whose screen goes dark stops the camera.
  async #awake(on) {
    this.#lock?.release();
    this.#lock = null;
    if (!on || !navigator.wakeLock) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#lock || !this.busy) lock.release();
      else this.#lock = lock;
    } catch {
      // Battery low, or not visible: the call goes on without.
    }
  }
}

function attach(video, stream) {
  if (video.srcObject !== stream) video.srcObject = stream;
}
