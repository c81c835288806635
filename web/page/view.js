// Drawing: what the page shows, from what it is told. It decides nothing.
import { SHOWS } from "./states.js";

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
  $("login-view").hidden = view !== "login";
  $("home-view").hidden = view === "login" || view === "call";
  $("call").hidden = view !== "call";
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

/**
 * A list of people, kept in place so that the focus stays where it is.
 * @param {HTMLElement} list
 * @param {{name: string, title: string, text: string, tone: string, media: string[]}[]} people
 * @param {(name: string, video: boolean) => void} call
 */
export function people(list, people, call) {
  const rows = new Map([...list.children].map((row) => [row.dataset.name, row]));
  const focused = document.activeElement;
  const wanted = people.map((person) => person && fillRow(rows.get(person.name) ?? newRow(person.name, call), person));
  if (wanted.some((row, i) => list.children[i] !== row) || wanted.length !== list.children.length) list.replaceChildren(...wanted);
  if (focused?.isConnected && focused !== document.activeElement && focused.checkVisibility?.() !== false) focused.focus();
}

function newRow(name, call) {
  const row = document.createElement("li");
  row.dataset.name = name;
  const face = Object.assign(document.createElement("span"), { className: "avatar", ariaHidden: "true" });
  const names = Object.assign(document.createElement("div"), { className: "names" });
  names.append(document.createElement("strong"), Object.assign(document.createElement("span"), { className: "dim" }));
  row.append(face, names, button("audio", "phone", () => call(name, false)), button("video", "camera", () => call(name, true)));
  return row;
}

function button(kind, symbol, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: kind, onclick: act });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  made.append(svg);
  icon(made, symbol);
  return made;
}

function fillRow(row, { title, text, tone, media }) {
  const [face, names, audio, video] = row.children;
  row.dataset.tone = tone;
  avatar(face, title);
  names.children[0].textContent = title;
  names.children[1].textContent = text;
  audio.hidden = !media.includes("audio");
  video.hidden = !media.includes("video");
  audio.ariaLabel = audio.title = `Call ${title}`;
  video.ariaLabel = video.title = `Video call ${title}`;
  return row;
}

/** A contact as a row of the list. @param {import("./jinglebridge.js").Contact} contact */
export function person({ name, title, show, status, media }) {
  const known = SHOWS[show] ?? SHOWS.unavailable;
  const callable = show !== "unavailable" && media.length > 0;
  const parts = [title === name ? "" : name, known.text, status, show !== "unavailable" && !callable ? "cannot take calls" : ""];
  return { name, title, text: parts.filter(Boolean).join(" · "), tone: known.tone, media: callable ? media : [] };
}
