// Who is who: the contact list that the server keeps, presence, and who asks to be let in,
// by name. It says nothing to the server.

const CONTACTS = 10_000;
const REQUESTS = 1_000;

export class Contacts {
  /** @type {Map<string, import("./jinglebridge.js").Contact>} */ all = new Map();
  /** Who asks to see our presence. @type {Map<string, import("./jinglebridge.js").ContactRequest>} */ requests = new Map();
  #fire;
  #listed = null; // names in the parts of a list that have come; null when it is whole

  /** @param {(type: string, more: object) => boolean} fire */
  constructor(fire) { this.#fire = fire; }

  /** A message about somebody; says whether it was one. */
  handle(message) {
    switch (message.type) {
      case "presence": return this.#present(message), true;
      case "roster": return this.#roster(message), true;
      case "subscribe": return this.#asked(message), true;
      case "unsubscribe": return this.settle(message.name), true;
      case "subscribed":
      case "unsubscribed":
        if (typeof message.name === "string") this.#fire("answered", { name: message.name, allowed: message.type === "subscribed" });
        return true;
    }
    return false;
  }

  /** A request that was answered, here or on another device, or taken back. */
  settle(name) {
    const request = this.requests.get(name);
    if (this.requests.delete(name)) this.#fire("request", { request: { ...request, settled: true } });
  }

  /** Without a connection nobody's presence is known. */
  forget() {
    for (const contact of [...this.all.values()]) {
      if (contact.show !== "unavailable") this.#set({ ...contact, show: "unavailable", status: "", media: [] });
    }
  }

  // Presence of somebody who is no contact: one whom we called, or whose list we are on.
  #present({ name, title, show = "available", status = "", media }) {
    const known = this.all.get(name);
    this.#set({
      groups: [], subscription: "", ask: false, blocked: false, ...known,
      name, title: title || known?.title || name, show, status, media: list(media),
    });
  }

  #roster({ items, push, more }) {
    const wanted = list(items);
    if (!push) this.#listed = new Set();
    for (const item of wanted) this.#listed?.add(item?.name);
    if (push ? more === false : !more) this.#forgetOthers();
    for (const item of wanted) {
      if (typeof item?.name !== "string") continue;
      if (item.subscription === "remove") this.#drop(item.name);
      else this.#item(item);
    }
  }

  // forgetOthers drops who is not in the list any more, of which all parts have come.
  #forgetOthers() {
    for (const name of [...this.all.keys()]) if (!this.#listed?.has(name)) this.#drop(name);
    this.#listed = null;
  }

  #item({ name, title, groups, subscription = "none", ask, blocked, show = "unavailable", status = "", media }) {
    this.#set({
      name, title: title || this.all.get(name)?.title || name, groups: list(groups),
      subscription, ask: Boolean(ask), blocked: Boolean(blocked), show, status, media: list(media),
    });
    if (["from", "both"].includes(subscription)) this.settle(name);
  }

  #asked({ name, title, message = "" }) {
    if (typeof name !== "string" || (this.requests.size >= REQUESTS && !this.requests.has(name))) return;
    const request = { name, title: title || this.all.get(name)?.title || name, message, settled: false };
    this.requests.set(name, request);
    this.#fire("request", { request });
  }

  #set(contact) {
    if (typeof contact.name !== "string" || (this.all.size >= CONTACTS && !this.all.has(contact.name))) return;
    this.all.set(contact.name, contact);
    this.#fire("presence", { contact });
  }

  #drop(name) {
    const contact = this.all.get(name);
    if (this.all.delete(name)) this.#fire("removed", { contact });
  }
}

const list = (value) => (Array.isArray(value) ? value : []);
