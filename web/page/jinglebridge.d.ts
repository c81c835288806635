// Types of jinglebridge.js. The words are those of docs/protocol.md, version 1.

export type Media = "audio" | "video" | "screen" | "data";
export type Show = "available" | "chat" | "away" | "xa" | "dnd" | "unavailable";
export type Reason =
  | "hangup" | "decline" | "busy" | "cancel" | "timeout" | "elsewhere" | "gone"
  | "failed" | "incompatible" | "media" | "unavailable" | "forbidden" | "shutdown" | "error";

/** Codes of the server (docs/protocol.md §2), and after the bar those of this library. */
export type ErrorCode =
  | "bad-json" | "bad-message" | "unknown-type" | "too-large" | "login-required" | "not-found" | "unavailable"
  | "forbidden" | "no-call" | "call-exists" | "glare" | "room-full" | "no-room" | "unsupported"
  | "rate-limited" | "timeout" | "upstream" | "internal"
  | "name-taken" | "bad-name" | "auth-required" | "auth-failed" | "token-expired" | "token-not-yet"
  | "too-many-attempts" | "session-unknown" | "full"
  // | of this library:
  | "offline" | "unreachable" | "refused" | "aborted" | "closed" | "policy" | "protocol" | "replaced" | "idle" | "token"
  | "denied" | "no-device" | "in-use" | "insecure" | "media" | "lost" | "error";

export declare class BridgeError extends Error {
  constructor(code: ErrorCode, message?: string, more?: { retry?: number; cause?: unknown; methods?: string[] });
  readonly code: ErrorCode;
  /** Seconds after which another try makes sense, when the server said so. */
  readonly retry?: number;
  /** How one may log in, when a login was refused: "none", "password", "token", "xmpp". */
  readonly methods?: string[];
}

export interface BridgeOptions {
  /**
   * The name to log in with: others see `name@component`. An XMPP address, with its password, is an account of
   * another server. Of a visitor it is a nickname, and may be empty.
   */
  name?: string;
  /** To come as a visitor of this page. */
  page?: string;
  /** A display name. */
  title?: string;
  password?: string;
  /** A token, or what fetches one; it is asked again at every reconnect. */
  token?: string | (() => string | Promise<string>);
  /**
   * Optional parts of the protocol we speak. By default "invite", "roster" but for visitors, and "messages"
   * where somebody listens for "message" before the login.
   */
  caps?: string[];
  /** Seconds after which a page that nobody looks at is shown as away; default 60, 0 never. */
  away?: number;
  /** Instead of the servers that the bridge names. */
  iceServers?: RTCIceServer[];
}

export interface Contact {
  name: string;
  title: string;
  show: Show;
  status: string;
  /** What the contact can be called with; empty: not callable now. */
  media: Media[];
  groups: string[];
  /** Who sees whose presence; "" when the server has no contact list, or this is no contact. */
  subscription: "" | "none" | "to" | "from" | "both";
  /** Asked for its presence, and not answered yet. */
  ask: boolean;
  blocked: boolean;
}

/** Somebody asks to see our presence. */
export interface ContactRequest {
  name: string;
  title: string;
  /** What was said with it; "" nothing. */
  message: string;
  /** Answered, here or elsewhere, or taken back. */
  settled: boolean;
}

export interface Message {
  readonly id?: number | string;
  /** The other party. */
  readonly name: string;
  /** Of the sender, where it came with the message. */
  readonly title?: string;
  readonly body: string;
  readonly at: Date;
  /** false: our own, also from another tab. */
  readonly incoming: boolean;
  /** Where our own is: "received" when a device of the other side says so, which not all do. */
  readonly state: "sending" | "sent" | "received" | "failed";
  /** Why it failed, or null. */
  readonly error: BridgeError | null;
}

/**
 * What to send and receive of one kind: `true` or constraints do both, `"receive"` only
 * receives, `false` leaves it out.
 */
export type Wish = boolean | "receive" | MediaTrackConstraints;

export interface CallOptions {
  audio?: Wish;
  video?: Wish;
  /** Send this instead of asking for devices; it stays yours to stop. */
  stream?: MediaStream;
  /** Ends the call. */
  signal?: AbortSignal;
  /** Seconds to ring; the server's default is 60. */
  timeout?: number;
}

export interface Ended {
  reason: Reason;
  /** The other side, or the server, ended it. */
  remote: boolean;
  /** More exact than the reason, where somebody knew. */
  code?: ErrorCode;
  /** Free text for people, not for programs. */
  message?: string;
  retry?: number;
  error?: Error;
}

export type BridgeState = "idle" | "connecting" | "online" | "offline" | "closed";
export type CallState =
  | "asking"        // for microphone and camera; nobody has been told yet
  | "calling"       // invited; nobody has said that it rings
  | "ringing"       // the other side says that it rings
  | "incoming"      // somebody calls us
  | "accepted"      // taken; descriptions are on their way
  | "connecting"    // looking for a path
  | "connected"
  | "reconnecting"  // was connected; the path is interrupted
  | "ended";

interface BridgeEvents {
  state: Event & { state: BridgeState; error: BridgeError | null };
  /**
   * Somebody calls. When the listeners have run, the caller is told that it rings;
   * `preventDefault()` keeps that back until `call.ring()`.
   */
  call: Event & { call: Call };
  /** A call that came while nobody was logged in with this name; told once, after the login. */
  missed: Event & { call: { name: string; title: string; media: Media[]; at: Date } };
  /** A contact is new, or is another than before. */
  presence: Event & { contact: Contact };
  /** Somebody is no contact any more. */
  removed: Event & { contact: Contact };
  /** Somebody asks to see our presence; again, settled, when that is answered or taken back. */
  request: Event & { request: ContactRequest };
  /** Whom we asked has answered. */
  answered: Event & { name: string; allowed: boolean };
  message: Event & { message: Message };
  /** A message of ours is in another state. */
  delivery: Event & { message: Message };
  /** An error that belongs to no call. */
  error: Event & { error: BridgeError };
}

interface CallEvents {
  state: Event & { call: Call; state: CallState };
  track: Event & { call: Call; track: MediaStreamTrack; stream: MediaStream };
  mute: Event & { call: Call; kind: "audio" | "video"; on: boolean; remote: boolean };
  ended: Event & { call: Call } & Ended;
}

type Listener<E> = ((event: E) => void) | { handleEvent(event: E): void };

export declare class Bridge extends EventTarget {
  /** @param url the server's WebSocket; http(s) and relative addresses will do. */
  constructor(url: string | URL, options?: BridgeOptions);
  readonly state: BridgeState;
  /** Our name as the server has it. */
  readonly name: string;
  /** Our address on the XMPP side, once logged in. */
  readonly jid: string;
  /** What a visitor visits; "" else. */
  readonly title: string;
  /** What the server can, once logged in: "invite", "roster", "messages", "rooms". */
  readonly caps: ReadonlySet<string>;
  readonly contacts: ReadonlyMap<string, Contact>;
  /** Who asks to see our presence, and waits for `allow()` or `refuse()`. */
  readonly requests: ReadonlyMap<string, ContactRequest>;
  /** Calls that have not ended, by id. */
  readonly calls: ReadonlyMap<string, Call>;
  readonly iceServers: RTCIceServer[];
  /** Rejects when the first login fails; later the connection is opened again unasked. */
  login(): Promise<this>;
  /**
   * Calls somebody; to be called in a click, since it asks for the devices first. A visitor need not say whom.
   */
  call(name?: string, options?: CallOptions): Call;
  /** Makes somebody a contact, and asks to see when he is online. These promises reject with what the server says. */
  add(name: string, more?: { title?: string; groups?: string[]; message?: string }): Promise<void>;
  /** Shows a contact under another title, and in these groups. */
  change(name: string, more: { title?: string; groups?: string[] }): Promise<void>;
  /** Neither sees the other any more. */
  remove(name: string): Promise<void>;
  /** Lets somebody see when we are online; also unasked. */
  allow(name: string): Promise<void>;
  /** The opposite. */
  refuse(name: string): Promise<void>;
  /** Nothing of somebody is seen or heard any more; or, when off, it is again. */
  block(name: string, on?: boolean): Promise<void>;
  /** Sends a message of 1 to 4,000 characters; "delivery" tells what becomes of it. */
  send(name: string, body: string): Message;
  /** How others see us from now on, also after a reconnect. */
  present(how: { show?: Exclude<Show, "unavailable">; status?: string }): void;
  /** Ends all calls and the connection. */
  close(): void;
  addEventListener<K extends keyof BridgeEvents>(type: K, listener: Listener<BridgeEvents[K]>, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export declare class Call extends EventTarget {
  private constructor();
  readonly id: string;
  /** The other party: a login name, or a bare JID. */
  readonly name: string;
  /** The other party's display name, or the name. */
  readonly title: string;
  readonly incoming: boolean;
  /** What the caller invited to. */
  readonly media: Media[];
  readonly state: CallState;
  /** How it ended, null before. */
  readonly ended: Ended | null;
  readonly localStream: MediaStream | null;
  /** Everything the other side sends, in one stream. */
  readonly remoteStream: MediaStream | null;
  readonly muted: { audio: boolean; video: boolean };
  readonly remoteMuted: { audio: boolean; video: boolean };
  /** When media first flowed, as `Date.now()` gives it; 0 before. */
  readonly connectedAt: number;
  /** The connection under the call, null before there is one. For statistics and tests. */
  readonly pc: RTCPeerConnection | null;
  /** Whether a camera picture can be switched on without asking the other side again. */
  readonly canSendVideo: boolean;
  /** Whether the other side may send a picture, and has not switched it off. */
  readonly receivesVideo: boolean;
  /** Says that a person can see or hear the call; only needed after `preventDefault()`. */
  ring(): void;
  /** Takes the call. Rejects, and goes on ringing, when a device is missing or refused. */
  accept(wishes?: { audio?: Wish; video?: Wish }): Promise<void>;
  decline(reason?: "decline" | "busy"): void;
  /** Ends the call in any state; the reason follows from the state if none is given. */
  hangUp(reason?: Reason): void;
  /** Stops or resumes sending; a muted camera is switched off. */
  mute(kind: "audio" | "video", on?: boolean): Promise<void>;
  addEventListener<K extends keyof CallEvents>(type: K, listener: Listener<CallEvents[K]>, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** Whether this browser can call at all. */
export declare function supported(): boolean;
