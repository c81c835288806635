// Visitors and guests: people without a name here, who have come to call somebody. One button,
// and the truth about what follows.
import { refusal } from "./states.js";
import { $, say, show } from "./view.js";

// After these nobody has talked to the visitor, and may want to.
const MISSED = new Set(["timeout", "busy", "unavailable", "decline", "gone"]);

const WAITING = "Nobody has answered. Keep this page open, and you can be called back.";

/**
 * Whom this page was opened for; null: for whoever logs in. A guest link's token leaves the
 * address at once, and stays with the page so that it can be loaded again.
 * @returns {{page: string, title: string} | {token: string, call: string[]} | null}
 */
export function visited() {
  const page = document.querySelector('meta[name="page"]')?.getAttribute("content") ?? new URLSearchParams(location.search).get("page");
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? history.state?.token;
  if (token) {
    history.replaceState({ token }, "", location.pathname + location.search);
    return { token, call: callees(token) };
  }
  if (!page) return null;
  const known = document.querySelector('meta[name="page"]');
  return { page, title: known ? document.title : page };
}

// The token says whom it is for (docs/operating.md); whether it is good, the server knows.
function callees(token) {
  try {
    const bytes = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    const { jb } = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
    return jb.call.filter((name) => typeof name === "string");
  } catch {
    return [];
  }
}

export class Visit {
  #what;
  #hooks;
  #busy = false;

  /**
   * @param {NonNullable<ReturnType<typeof visited>>} what
   * @param {object} hooks
   * @param {() => import("./jinglebridge.js").Bridge | null} hooks.bridge
   * @param {(options: object) => Promise<void>} hooks.enter logs in
   * @param {(name: string, video: boolean) => void} hooks.call
   */
  constructor(what, hooks) {
    this.#what = what;
    this.#hooks = hooks;
  }

  /** Shows the view. A guest's link logs in by itself; a visitor is known when he calls. */
  start() {
    const guest = Boolean(this.#what.token);
    const { call = [], title } = this.#what;
    $("visit-title").textContent = guest ? "You are invited to call" : title;
    $("nick-part").hidden = guest;
    $("visit-calls").replaceChildren(...(guest ? call : [this.#what.page]).map((name) => this.#button(name, guest)));
    $("visit-form").onsubmit = (e) => { e.preventDefault(); this.#call(guest ? call[0] : this.#what.page); };
    $("visit-stop").onclick = () => this.#hooks.bridge()?.close();
    show("visit", guest ? undefined : $("nick"));
    if (guest) this.#enter();
  }

  #button(name, guest) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "primary wide", textContent: guest ? `Call ${name}` : "Call now" });
    made.dataset.name = name;
    made.onclick = () => this.#call(name);
    return made;
  }

  async #enter() {
    const { token, page } = this.#what;
    this.#say("Connecting…");
    $("visit-error").textContent = "";
    this.#busy = true;
    try {
      await this.#hooks.enter(token ? { token, caps: ["invite"] } : { page, name: $("nick").value.trim() });
      const bridge = this.#hooks.bridge();
      if (page && bridge?.title) $("visit-title").textContent = bridge.title;
      this.#say(token ? "You can call now." : "");
      return Boolean(bridge);
    } catch (error) {
      this.#say("");
      this.failed(error);
      return false;
    } finally {
      this.#busy = false;
    }
  }

  async #call(name) {
    if (this.#busy) return;
    $("visit-error").textContent = "";
    if (this.#hooks.bridge() || await this.#enter()) this.#hooks.call(name, false);
  }

  /** The login, or the connection, is over. */
  failed(error) {
    $("visit-stop").hidden = true;
    this.#say("");
    if (!error) return;
    const { text, next } = refusal(error, this.#what.token ? "guest" : "visitor");
    $("visit-error").textContent = `${text} ${next}`.trim();
  }

  /** The connection went, or is there again. */
  lost(lost) {
    if ($("visit-stop").hidden) return;
    this.#say(lost ? "The connection is lost. Trying again…" : WAITING);
  }

  /** What a visitor may do when nobody has answered. */
  advice(call) {
    return missed(call) ? "Keep this page open, and you can be called back." : undefined;
  }

  /** A call is over, and the visitor back here. Whom nobody answered waits; all others have gone. */
  left(call) {
    show("visit", $("visit-calls").querySelector("button"));
    const bridge = this.#hooks.bridge();
    const waits = Boolean(bridge) && missed(call);
    $("visit-stop").hidden = !waits;
    for (const b of $("visit-calls").children) if (this.#what.page) b.textContent = "Call again";
    if (!waits && this.#what.page) bridge?.close();
    this.#say(waits ? WAITING : call.connectedAt ? "Thank you for your call." : "");
  }

  #say(sentence) {
    $("visit-state").textContent = sentence;
    if (sentence) say(sentence);
  }
}

const missed = (call) => Boolean(call.ended) && !call.connectedAt && MISSED.has(call.ended.reason);
