// One person: how he is, calling him, writing with him, and the end of it.
import { DELIVERY, trouble } from "./states.js";
import { $, avatar, notify, person, say, show } from "./view.js";

const TALKS = 200;
const LINES = 500; // of one conversation

export class Talk {
  /** The name of whom is shown; "" nobody. */ name = "";
  /** Conversations, by name. @type {Map<string, {name: string, title: string, unread: number, draft: string, lines: any[]}>} */ #talks = new Map();
  #rows = new Map(); // message -> its row
  #hooks;

  /**
   * @param {object} hooks
   * @param {() => import("./jinglebridge.js").Bridge | null} hooks.bridge
   * @param {(name: string, video: boolean) => void} hooks.call
   * @param {() => void} hooks.changed the list of people is another
   * @param {() => void} hooks.left
   * @param {(id: string, error: any, title: string) => void} hooks.complain
   */
  constructor(hooks) {
    this.#hooks = hooks;
    const acts = {
      "person-back": () => this.close(),
      "person-audio": () => hooks.call(this.name, false),
      "person-video": () => hooks.call(this.name, true),
      "person-ask": () => this.#try((b) => b.add(this.name), (title) => `Asked ${title}.`),
      "person-block": () => this.#block(),
      "person-remove": () => this.#reallyRemove(),
      "remove-yes": () => this.#remove(),
      "remove-no": () => $("remove").close(),
    };
    for (const [id, act] of Object.entries(acts)) $(id).onclick = act;
    $("talk-form").onsubmit = (e) => { e.preventDefault(); this.#send(); };
    $("body").onkeydown = (e) => this.#key(e);
    $("person-view").onkeydown = (e) => { if (e.key === "Escape") this.close(); };
  }

  /** Those who wrote, or were written to. */
  list() { return [...this.#talks.values()]; }

  clear() {
    this.#talks.clear();
    this.#rows.clear();
    this.name = "";
  }

  open(name) {
    const talk = this.#talk(name);
    this.name = name;
    talk.unread = 0;
    $("talk-error").textContent = "";
    $("body").value = talk.draft;
    $("talk").replaceChildren();
    this.#rows.clear();
    for (const line of talk.lines) this.#add(line);
    this.draw();
    show("person", this.#able("messages") ? $("body") : $("person-back"));
    this.#bottom();
  }

  close() {
    const talk = this.#talks.get(this.name);
    if (talk) talk.draft = $("body").value;
    if (talk && !talk.lines.length && !talk.draft) this.#talks.delete(this.name);
    this.name = "";
    this.#hooks.left();
  }

  /** What is known of the person, drawn again. */
  draw() {
    if (!this.name) return;
    const contact = this.#hooks.bridge()?.contacts.get(this.name);
    const { title } = contact ?? this.#talk(this.name);
    const known = person(contact ?? { name: this.name, title, show: "unavailable", status: "", media: [], stranger: true });
    avatar($("person-avatar"), title);
    $("person-face").dataset.tone = known.tone;
    $("person").textContent = title;
    $("person-text").textContent = known.text;
    $("person-audio").hidden = !known.media.includes("audio");
    $("person-video").hidden = !known.media.includes("video");
    const sees = ["to", "both"].includes(contact?.subscription);
    const roster = this.#able("roster");
    $("person-asked").hidden = !contact?.ask;
    $("person-ask").hidden = !roster || sees || Boolean(contact?.ask) || Boolean(contact?.blocked);
    $("person-ask").textContent = contact?.subscription ? "Ask to see when they are online" : "Add as a contact";
    $("person-block").hidden = !roster;
    $("person-block").textContent = contact?.blocked ? "Unblock" : "Block";
    $("person-remove").hidden = !roster || !contact?.subscription;
    $("talk-form").hidden = !this.#able("messages") || Boolean(contact?.blocked);
  }

  /** A message that came, or one's own from another tab. */
  received(message) {
    const talk = this.#talk(message.name, message.title);
    this.#keep(talk, message);
    const title = this.#hooks.bridge()?.contacts.get(message.name)?.title ?? talk.title;
    if (message.incoming && (this.name !== message.name || document.hidden || $("app").dataset.view !== "person")) {
      if (this.name !== message.name) talk.unread++;
      say(`Message from ${title}.`);
      notify(title, { body: message.body, tag: `message ${message.name}` });
    } else if (message.incoming) {
      say(`${title}: ${message.body}`);
    }
    this.#hooks.changed();
  }

  /** What became of one's own message. */
  delivered(message) {
    this.#fill(message);
    if (message.state === "failed") say(`Not delivered: ${message.body}`);
  }

  #able(cap) { return Boolean(this.#hooks.bridge()?.caps.has(cap)); }

  #talk(name, title = this.#hooks.bridge()?.contacts.get(name)?.title ?? name) {
    let talk = this.#talks.get(name);
    if (!talk) {
      talk = { name, title, unread: 0, draft: "", lines: [] };
      this.#talks.set(name, talk);
      const oldest = [...this.#talks.keys()].find((n) => n !== this.name && n !== name);
      if (this.#talks.size > TALKS) this.#talks.delete(oldest);
    }
    return talk;
  }

  #keep(talk, message) {
    talk.lines.push(message);
    if (talk.lines.length > LINES) this.#rows.get(talk.lines.shift())?.remove();
    if (talk.name !== this.name) return;
    this.#add(message);
    this.#bottom();
  }

  #send() {
    const body = $("body").value.trim();
    const bridge = this.#hooks.bridge();
    $("talk-error").textContent = "";
    if (!body || !bridge) return $("body").focus();
    if (bridge.state !== "online") return this.#hooks.complain("talk-error", { code: "offline" }, this.name);
    $("body").value = "";
    this.#keep(this.#talk(this.name), bridge.send(this.name, body));
    $("body").focus();
    this.#hooks.changed();
  }

  // Enter sends; a telephone's keyboard has a button for it beside a key for lines.
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.#send();
  }

  async #try(act, done) {
    const { name } = this;
    const title = $("person").textContent;
    $("talk-error").textContent = "";
    try {
      await act(this.#hooks.bridge());
      say(done(title));
    } catch (error) {
      if (this.name === name) this.#hooks.complain("talk-error", error, title);
    }
  }

  #block() {
    const on = !this.#hooks.bridge()?.contacts.get(this.name)?.blocked;
    this.#try((b) => b.block(this.name, on), (title) => `${title} is ${on ? "" : "no longer "}blocked.`);
  }

  #reallyRemove() {
    $("remove-title").textContent = `Remove ${$("person").textContent}?`;
    $("remove").showModal();
  }

  async #remove() {
    $("remove").close();
    const { name } = this;
    await this.#try((b) => b.remove(name), (title) => `Removed ${title}.`);
    if (this.name === name && !$("talk-error").textContent) this.close();
  }

  #add(message) {
    const made = document.createElement("div");
    made.className = message.incoming ? "theirs" : "mine";
    const text = Object.assign(document.createElement("p"), { className: "body", dir: "auto" });
    text.append(...linked(message.body));
    made.append(text, Object.assign(document.createElement("p"), { className: "meta" }));
    this.#rows.set(message, made);
    this.#fill(message);
    $("talk").append(made);
  }

  #fill(message) {
    const made = this.#rows.get(message);
    if (!made) return;
    const at = message.at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const { tick, text } = message.incoming ? { tick: "", text: "" } : DELIVERY[message.state];
    made.dataset.delivery = message.incoming ? "" : message.state;
    const why = message.error ? trouble(message.error, $("person").textContent, "message").text : "";
    const mark = Object.assign(document.createElement("span"), { ariaHidden: "true", textContent: tick });
    const words = Object.assign(document.createElement("span"), { textContent: message.error ? `${text}: ${why}` : text });
    if (!message.error) words.className = "unseen";
    made.lastChild.replaceChildren(`${at} `, mark, words);
  }

  #bottom() { $("talk").lastElementChild?.scrollIntoView?.({ block: "nearest" }); }
}

// Addresses of the web become links; all else is text.
function linked(body) {
  return body.split(/(https?:\/\/[^\s<>"]+)/).map((part, i) => (i % 2
    ? Object.assign(document.createElement("a"), { href: part, textContent: part, target: "_blank", rel: "noopener noreferrer" })
    : part));
}
