// Drawing: what the page shows, from what it is told. It decides nothing.
import { SHOWS } from "./states.js";

const VIEWS = ["login", "visit", "home", "person", "call"];

/** @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/** The first letter of a name on one of eight colours, always the same for the same name. */
export function avatar(element, name) {
  let sum = 0;
  for (const letter of name.toLowerCase()) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  element.dataset.hue = String(sum % 8);
  element.textContent = [...name][0] ?? "";
}

/** Shows one of the views; the focus goes where it is of use there. */
export function show(view, focus) {
  $("app").dataset.view = view;
  for (const one of VIEWS) $(one === "call" ? one : `${one}-view`).hidden = one !== view;
  if (!$("incoming").open) focus?.focus();
}

/** Says a sentence to screen readers, also when it is the same as before. */
export function say(sentence) {
  if (!sentence) return;
  const live = $("live");
  live.textContent = live.textContent === sentence ? `${sentence}\u00a0` : sentence;
}

export function icon(button, name) {
  button.querySelector("use").setAttribute("href", `#i-${name}`);
}

/** Shows exactly these of the call's buttons, and never leaves the focus on one that is gone. */
export function buttons(allowed, box) {
  const lost = box.contains(document.activeElement) && !allowed.includes(document.activeElement.id);
  for (const button of box.querySelectorAll("button")) button.hidden = !allowed.includes(button.id);
  if (lost || document.activeElement === document.body) [...box.querySelectorAll("button")].find((b) => !b.hidden)?.focus();
}

/** Tells a person who does not look at the page, if that is wanted. @returns {Notification | null} */
export function notify(title, options) {
  if (!document.hidden || typeof Notification !== "function" || Notification.permission !== "granted") return null;
  try {
    const note = new Notification(title, { icon: "/icon.svg", ...options });
    note.onclick = () => { window.focus(); note.close(); };
    return note;
  } catch {
    return null; // COMPAT Chrome for Android: notifications only from a service worker.
  }
}

/**
 * A list of people, kept in place so that the focus stays where it is.
 * @param {HTMLElement} list
 * @param {{name: string, title: string, text: string, tone: string, media: string[], unread?: number}[]} people
 * @param {(name: string) => HTMLLIElement} make a new row
 */
export function people(list, people, make) {
  const rows = new Map([...list.children].map((row) => [row.dataset.name, row]));
  const focused = document.activeElement;
  const wanted = people.map((person) => fillRow(rows.get(person.name) ?? make(person.name), person));
  if (wanted.some((row, i) => list.children[i] !== row) || wanted.length !== list.children.length) list.replaceChildren(...wanted);
  if (focused?.isConnected && focused !== document.activeElement && focused.checkVisibility?.() !== false) focused.focus();
}

/**
 * A row for a person; what cannot be done has no button.
 * @param {string} name
 * @param {((name: string, video: boolean) => void) | null} call
 * @param {((name: string) => void) | null} open
 */
export function row(name, call, open) {
  const made = document.createElement("li");
  made.dataset.name = name;
  const face = Object.assign(document.createElement("span"), { className: "avatar", ariaHidden: "true" });
  const names = Object.assign(document.createElement(open ? "button" : "div"), { className: "names" });
  if (open) Object.assign(names, { type: "button", onclick: () => open(name) });
  const unread = Object.assign(document.createElement("span"), { className: "badge", hidden: true });
  names.append(document.createElement("strong"), Object.assign(document.createElement("span"), { className: "dim" }), unread);
  made.append(face, names);
  if (call) made.append(button("audio", "phone", () => call(name, false)), button("video", "camera", () => call(name, true)));
  return made;
}

export function button(kind, symbol, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: kind, onclick: act });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  made.append(svg);
  icon(made, symbol);
  return made;
}

const ACTS = [["audio", "Call"], ["video", "Video call"], ["allow", "Allow"], ["refuse", "Refuse"]];

function fillRow(row, { title, text, tone, media, unread = 0 }) {
  const [face, names] = row.children;
  row.dataset.tone = tone;
  avatar(face, title);
  const [strong, dim, badge] = names.children;
  strong.textContent = title;
  dim.textContent = text;
  badge.hidden = !unread;
  badge.textContent = `${unread} new`;
  for (const [kind, word] of ACTS) {
    const button = row.querySelector(`.${kind}`);
    if (!button) continue;
    if (kind === "audio" || kind === "video") button.hidden = !media.includes(kind);
    button.ariaLabel = button.title = `${word} ${title}`;
  }
  return row;
}

/**
 * A contact as a row of the list.
 * @param {import("./jinglebridge.js").Contact & {stranger?: boolean, unread?: number}} contact
 * @param {boolean} [addressed] with the address
 */
export function person({ name, title, show, status, media, subscription, ask, blocked, stranger, unread }, addressed = true) {
  const known = SHOWS[show] ?? SHOWS.unavailable;
  const calling = show === "dnd" && status === "on a call"; // what bridges say by themselves
  const callable = show !== "unavailable" && media.length > 0 && !blocked;
  const hidden = stranger || (show === "unavailable" && ["none", "from"].includes(subscription ?? ""));
  const what = blocked ? "Blocked" : ask ? "Asked, no answer yet" : stranger ? "Not in your contacts" : hidden ? "Does not show when online" : calling ? "On a call" : known.text;
  const address = addressed && title.toLowerCase() !== name.toLowerCase() ? name : "";
  const parts = [address, what, calling || blocked ? "" : status, show !== "unavailable" && !callable && !blocked ? "cannot take calls" : ""];
  return { name, title, text: parts.filter(Boolean).join(" · "), tone: hidden || blocked ? "none" : known.tone, media: callable ? media : [], unread };
}
