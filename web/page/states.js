// What a person is told, and may do, in each state of a call: the one table behind the page.
// {name} is the other party. Pure data and pure functions: a test renders all of it.

/**
 * @typedef {object} State
 * @property {string} text what the call view shows
 * @property {string} say the sentence for the live region; "" says nothing
 * @property {"" | "ring" | "ringback" | "connected" | "ended" | "busy"} tone
 * @property {("answer" | "answer-audio" | "decline" | "hangup" | "mute" | "camera" | "again" | "close")[]} buttons
 */

/** @type {Record<string, State>} */
export const STATES = {
  asking: { text: "Waiting for your permission", say: "Please allow the microphone to call {name}.", tone: "", buttons: ["hangup"] },
  calling: { text: "Calling", say: "Calling {name}.", tone: "", buttons: ["hangup"] },
  // Said, and heard as a ring-back tone, only when the other side says that it rings.
  ringing: { text: "Ringing", say: "It is ringing at {name}.", tone: "ringback", buttons: ["hangup"] },
  incoming: { text: "Incoming call", say: "{name} is calling you.", tone: "ring", buttons: ["answer", "answer-audio", "decline"] },
  accepted: { text: "Connecting", say: "Call taken. Connecting to {name}.", tone: "", buttons: ["hangup"] },
  connecting: { text: "Connecting", say: "", tone: "", buttons: ["hangup", "mute", "camera"] },
  connected: { text: "Connected", say: "Connected to {name}.", tone: "connected", buttons: ["hangup", "mute", "camera"] },
  reconnecting: { text: "Connection interrupted, trying again", say: "The connection is interrupted. Trying again.", tone: "", buttons: ["hangup", "mute", "camera"] },
  ended: { text: "Call ended", say: "", tone: "ended", buttons: ["again", "close"] },
};

/**
 * Why a call ended: what happened, and what to do next. `ours` is the text when we ended it,
 * where that differs.
 * @type {Record<string, {text: string, next: string, ours?: string, tone?: "busy" | ""}>}
 */
export const ENDED = {
  hangup: { text: "{name} hung up.", ours: "You hung up.", next: "" },
  decline: { text: "{name} declined the call.", ours: "You declined the call.", next: "Perhaps write a message, or try later.", tone: "busy" },
  busy: { text: "{name} is in another call.", ours: "You were in another call.", next: "Try again in a few minutes.", tone: "busy" },
  cancel: { text: "{name} stopped calling.", ours: "You cancelled the call.", next: "" },
  timeout: { text: "Nobody answered.", next: "Try again later, or write a message." },
  elsewhere: { text: "The call was answered on another device.", next: "" },
  gone: { text: "{name} is gone: the app was closed, or its connection was lost.", ours: "The call is over.", next: "Call again when they are back." },
  failed: { text: "No connection could be made between you and {name}.", next: "A network may block calls. Try another one, such as mobile data." },
  incompatible: { text: "{name}'s app cannot take this kind of call.", next: "Try again without video." },
  media: { text: "{name}'s app could not start microphone or camera.", ours: "Microphone or camera could not be started.", next: "Check the devices, then call again." },
  unavailable: { text: "{name} cannot be reached right now.", next: "Try again when they are online.", tone: "busy" },
  forbidden: { text: "{name} does not take calls from you.", next: "They may have to add you as a contact first.", tone: "busy" },
  shutdown: { text: "The call server is restarting.", next: "Call again in a minute." },
  error: { text: "The call could not go on because of an error.", next: "Call again. If that does not help, tell whoever runs this server." },
};

/** Errors that are more exact than a reason; also the texts of a refused login. */
export const ERRORS = {
  denied: { text: "This page may not use your microphone or camera.", next: "Open the settings beside the address bar, allow them for this page, then try again." },
  "no-device": { text: "No microphone or camera was found.", next: "Plug one in or switch it on. Without a camera, an audio call still works." },
  "in-use": { text: "Microphone or camera is used by another program.", next: "Close the other program, then try again." },
  insecure: { text: "Browsers allow calls on secure pages only.", next: "Open this page with https:// in front of its address." },
  "not-found": { text: "There is nobody called {name}.", next: "Check the spelling of the address." },
  "rate-limited": { text: "Too many calls in a short time.", next: "Wait a minute, then try again.", tone: "busy" },
  upstream: { text: "The bridge has lost its XMPP server.", next: "It is reconnecting. Try again in a minute." },
  lost: { text: "The connection to the call server was lost, and the call with it.", next: "Call again as soon as you are connected." },
  offline: { text: "You are not connected to the call server.", next: "Wait until the connection is back, then try again." },
  unreachable: { text: "The call server cannot be reached.", next: "Check your network, then try again." },
  timeout: { text: "The call server did not answer.", next: "Try again in a moment." },
  "name-taken": { text: "Somebody already uses this name.", next: "Choose another one." },
  "bad-name": { text: "This name cannot be used.", next: "Choose one of letters and digits, of one script." },
  "auth-required": { text: "This server asks for a password or an invitation.", next: "Ask whoever runs it for a way in." },
  "auth-failed": { text: "Name and password do not fit.", next: "Check both, then try again." },
  "token-expired": { text: "Your invitation has run out.", next: "Ask for a new one." },
  "token-not-yet": { text: "Your invitation is not valid yet.", next: "Come back later." },
  "too-many-attempts": { text: "Too many attempts.", next: "Wait a few minutes, then try again." },
  "session-unknown": { text: "The server does not know this session any more.", next: "Log in again." },
  forbidden: { text: "This server does not allow calls to {name}.", next: "Check the address, or ask whoever runs the server.", tone: "busy" },
  full: { text: "The server is full.", next: "Try again in a few minutes." },
  replaced: { text: "You logged in somewhere else with this name.", next: "Log in again to go on here." },
  idle: { text: "You were logged out because nothing happened for long.", next: "Log in again to go on." },
  closed: { text: "The server said goodbye.", next: "Log in again to go on." },
  protocol: { text: "The server did not understand this page.", next: "Reload the page, then log in again." },
  "no-webrtc": { text: "This browser cannot make calls.", next: "Use a current Firefox, Chrome, Edge or Safari." },
  policy: { text: "The server closed the connection.", next: "Wait a minute, then log in again." },
  refused: { text: "The server refused the login.", next: "Try again, or ask whoever runs it." },
  unsupported: { text: "{name}'s app cannot change a running call to video.", next: "Hang up and call with video." },
};

/**
 * What a refused login means to whom: a name of this server, an account of another, a visitor,
 * a guest with a link. What is not here is in ERRORS.
 * @type {Record<"name" | "account" | "visitor" | "guest", Record<string, {text: string, next: string}>>}
 */
export const LOGINS = {
  name: {
    forbidden: { text: "You may not have this name here.", next: "Choose another one." },
    upstream: { text: "The server cannot check logins right now.", next: "Try again in a minute." },
  },
  account: {
    "auth-required": { text: "This server takes no XMPP accounts.", next: "Choose a name without @." },
    "auth-failed": { text: "Address and password do not fit.", next: "Check both, then try again." },
    "bad-name": { text: "This is no XMPP address.", next: "Check it: it looks like juliet@example.org." },
    forbidden: { text: "Accounts of this domain cannot log in here.", next: "Check the address, or choose a name without @." },
    upstream: { text: "Your account's server cannot be asked right now.", next: "That is not your password's fault. Try again in a minute." },
  },
  visitor: {
    "bad-name": { text: "There is nobody to call here.", next: "Check the address of this page." },
    full: { text: "Too many people are waiting here.", next: "Try again in a few minutes." },
    upstream: { text: "The server cannot reach anybody right now.", next: "Try again in a minute." },
  },
  guest: {
    "auth-failed": { text: "This server has not made this invitation.", next: "Check that the link is whole, or ask for a new one." },
    "auth-required": { text: "This server takes no invitations.", next: "Ask for another way in." },
    forbidden: { text: "This invitation has been used already.", next: "Ask for a new one." },
    upstream: { text: "The server cannot check invitations right now.", next: "Try again in a minute." },
  },
};

/** What went wrong with messages and contacts, where it is not what it means for a call. */
const MESSAGES = {
  unavailable: { text: "{name} is not online, and nothing is kept for later.", next: "Try again when they are." },
  forbidden: { text: "{name} takes no messages from you.", next: "They may have to add you as a contact first." },
  "rate-limited": { text: "Too much in a short time.", next: "Wait a moment, then try again." },
  unsupported: { text: "That cannot be done from here.", next: "Another app of yours may be able to." },
  "bad-message": { text: "The server did not take it.", next: "Check it, then try again." },
};

/** What has become of a message. */
export const DELIVERY = {
  sending: { tick: "…", text: "being sent" },
  sent: { tick: "✓", text: "sent" },
  received: { tick: "✓✓", text: "received" },
  failed: { tick: "", text: "Not delivered" },
};

// What only makes sense at a login must not explain a call.
const CALL_CODES = new Set(["denied", "no-device", "in-use", "insecure", "not-found", "forbidden", "rate-limited", "upstream", "lost"]);

export const fill = (text, name) => text.replaceAll("{name}", () => name);

/**
 * Why this call ended, in plain words.
 * @param {{reason: string, remote: boolean, code?: string}} ended
 * @param {string} name
 */
export function why({ reason, remote, code }, name) {
  const known = ENDED[reason] ?? ENDED.error;
  const row = CALL_CODES.has(code) ? ERRORS[code] : known;
  const text = !remote && row.ours ? row.ours : row.text;
  const own = !remote && ["decline", "busy"].includes(reason);
  return { text: fill(text, name), next: own ? "" : fill(row.next, name), tone: row.tone ?? known.tone ?? "ended" };
}

/**
 * What went wrong outside a call.
 * @param {{code?: string, message?: string}} error
 * @param {string} [name]
 * @param {"message" | ""} [about]
 */
export function trouble(error, name = "", about = "") {
  const row = (about && MESSAGES[error.code]) || ERRORS[error.code] || { text: `Something went wrong: ${error.message || error.code || "no reason given"}.`, next: "Try again." };
  return { text: fill(row.text, name), next: fill(row.next, name) };
}

/**
 * Why a login was refused, in plain words.
 * @param {{code?: string, message?: string, retry?: number}} error
 * @param {keyof typeof LOGINS} who
 */
export function refusal(error, who) {
  const about = ERRORS[error.code]?.text.includes("{name}"); // a call, not a login
  const { text, next } = LOGINS[who][error.code] ?? trouble(about ? { code: "refused" } : error);
  return { text, next: error.retry > 0 ? `Try again in ${patience(error.retry)}.` : next };
}

/** A wait, rounded up as people say it. @param {number} seconds */
export function patience(seconds) {
  const [n, unit] = seconds <= 90 ? [Math.ceil(seconds), "second"] : [Math.ceil(seconds / 60), "minute"];
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

/** A duration as on a telephone. @param {number} seconds */
export function clock(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const h = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(Math.floor(seconds) % 60)}`;
  return h ? `${h}:${rest}` : rest;
}

/** What a contact's presence says, and whether it is a good moment. */
export const SHOWS = {
  available: { text: "Online", tone: "good" },
  chat: { text: "Free to talk", tone: "good" },
  away: { text: "Away", tone: "idle" },
  xa: { text: "Away for long", tone: "idle" },
  dnd: { text: "Do not disturb", tone: "busy" },
  unavailable: { text: "Offline", tone: "off" },
};
