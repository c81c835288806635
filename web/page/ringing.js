// Somebody calls: the dialog that rings, and what draws the eye to it.
import { STATES, fill } from "./states.js";
import { $, avatar, icon, notify, say } from "./view.js";

const TITLE = document.title;

export class Ringing {
  /** In the dialog. @type {import("./jinglebridge.js").Call | null} */ call = null;
  #tones;
  #hooks;
  #blink;
  /** @type {Notification | null} */ #note = null;

  /**
   * @param {import("./tones.js").Tones} tones
   * @param {object} hooks
   * @param {(call: import("./jinglebridge.js").Call) => void} hooks.taken
   * @param {(call: import("./jinglebridge.js").Call) => void} hooks.over it rings no more, and nobody took it here
   * @param {(id: string, error: any, title: string) => void} hooks.complain
   */
  constructor(tones, hooks) {
    this.#tones = tones;
    this.#hooks = hooks;
    $("answer").onclick = () => this.#answer(true);
    $("answer-audio").onclick = () => this.#answer(false);
    $("decline").onclick = () => this.call?.decline();
    // Esc in the dialog declines; the dialog closes when the call has ended.
    $("incoming").oncancel = (e) => { e.preventDefault(); this.call?.decline(); };
  }

  /** Rings. */
  ring(call) {
    this.call = $("app").call = call;
    call.addEventListener("state", () => this.#turned(call));
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
    const { call } = this;
    if (call?.state !== "incoming") return;
    this.#tones.unlock();
    $("incoming-error").textContent = "";
    try {
      await call.accept({ audio: true, video: camera });
    } catch (error) {
      if (call.ended) return;
      this.#hooks.complain("incoming-error", error, call.title);
      ($("answer-audio").hidden ? $("answer") : $("answer-audio")).focus();
    }
  }

  #turned(call) {
    if (call !== this.call || call.state === "incoming") return;
    this.#tones.stop();
    if (call.state === "asking") return void ($("incoming-text").textContent = STATES.asking.text);
    this.#calm();
    this.call = null;
    $("incoming").close();
    if (call.ended) this.#hooks.over(call);
    else this.#hooks.taken(call);
  }

  // A page in the background has only its title and a notification.
  #attract(title) {
    const texts = [`☎ ${title} is calling`, TITLE];
    let turn = 0;
    document.title = texts[0];
    this.#blink = setInterval(() => { document.title = texts[++turn % 2]; }, 1000);
    this.#note = notify(`${title} is calling`, { tag: "call", requireInteraction: true });
  }

  #calm() {
    clearInterval(this.#blink);
    this.#note?.close();
    this.#note = null;
    document.title = TITLE;
  }
}
