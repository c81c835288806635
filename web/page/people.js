// The people of the home view: who asks to be let in, who called, and the contacts.
import { $, button, people, person, row, say } from "./view.js";

const MISSED = 20;

export class People {
  #hooks;
  #missed = [];
  #drawing = false;

  /**
   * @param {object} hooks
   * @param {() => import("./jinglebridge.js").Bridge | null} hooks.bridge
   * @param {(name: string, video: boolean) => void} hooks.call
   * @param {(name: string) => void} hooks.open
   * @param {() => {name: string, title: string, unread: number}[]} hooks.talks conversations
   * @param {(id: string, error: any, title: string) => void} hooks.complain
   */
  constructor(hooks) { this.#hooks = hooks; }

  /** A new list: somebody else logs in. */
  clear() {
    this.#missed = [];
    this.draw();
  }

  /** A call that nobody took; one that came before the login says when it was. */
  miss({ name, title, media }, away, busy) {
    const clock = { hour: "2-digit", minute: "2-digit" };
    const at = away ? away.toLocaleString([], { ...clock, day: "numeric", month: "short" }) : new Date().toLocaleTimeString([], clock);
    const how = away ? "while you were away" : busy ? "while you were in a call" : "not answered";
    this.#missed = [
      { name, title, media, tone: "none", text: `${at} · ${how}` },
      ...this.#missed.filter((m) => m.name !== name),
    ].slice(0, MISSED);
    this.draw();
    say(`Missed call from ${title}.`);
  }

  /** Draws soon: many presences at once are drawn once. */
  draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    const bridge = this.#hooks.bridge();
    const { call, open } = this.#hooks;
    const able = bridge?.caps.has("roster") || bridge?.caps.has("messages");
    const all = this.#everybody(bridge).map((contact) => person(contact, !able)); // else one click away
    people($("contacts"), all, (name) => row(name, call, able ? open : null));
    $("nobody").hidden = all.length > 0;
    people($("missed"), this.#missed, (name) => row(name, call, null));
    $("missed-part").hidden = !this.#missed.length;
    const asking = [...(bridge?.requests.values() ?? [])].map(({ name, title, message }) => (
      { name, title, text: [title === name ? "" : name, message].filter(Boolean).join(" · "), tone: "none", media: [] }));
    people($("requests"), asking, (name) => this.#request(name));
    $("requests-part").hidden = !asking.length;
  }

  // Contacts, and who wrote without being one; first who can be called.
  #everybody(bridge) {
    const contacts = bridge?.contacts ?? new Map();
    const talks = this.#hooks.talks();
    const unread = new Map(talks.map((t) => [t.name, t.unread]));
    const strangers = talks.filter((t) => !contacts.has(t.name))
      .map(({ name, title }) => ({ name, title, show: "unavailable", status: "", media: [], stranger: true }));
    const rank = (c) => (c.unread ? 0 : c.show === "unavailable" ? 3 : c.media.length ? 1 : 2);
    return [...contacts.values(), ...strangers]
      .map((c) => ({ ...c, unread: unread.get(c.name) ?? 0 }))
      .sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title));
  }

  #request(name) {
    const made = row(name, null, null);
    const allow = button("allow second", "check", () => this.#answer(name, true));
    const refuse = button("refuse plain", "close", () => this.#answer(name, false));
    made.append(allow, refuse);
    return made;
  }

  /** Whoever is let in is wanted as a contact, too: else only one of the two sees the other. */
  async #answer(name, allowed) {
    const bridge = this.#hooks.bridge();
    const { title } = bridge.requests.get(name) ?? { title: name };
    $("dial-error").textContent = "";
    try {
      await (allowed ? bridge.allow(name) : bridge.refuse(name));
      say(allowed ? `${title} can see when you are online.` : `Refused ${title}.`);
      $("to").focus();
      if (allowed && !["to", "both"].includes(bridge.contacts.get(name)?.subscription)) await bridge.add(name);
    } catch (error) {
      this.#hooks.complain("dial-error", error, title);
    }
  }
}
