// One call: the call layer (invite, ringing, accept, leave) over the media layer in peer.js.
import { BridgeError } from "./error.js";
import { Peer } from "./peer.js";
import { ask, kindsOf, release, sends } from "./media.js";

// How long a state may last, in ms, and the reason when it lasts longer. The server has the
// same limits a little earlier; these are for a server that cannot tell us any more.
const LIMITS = {
  asking: [120_000, "cancel"],
  incoming: [65_000, "timeout"],
  calling: [75_000, "timeout"],
  ringing: [75_000, "timeout"],
  accepted: [30_000, "failed"],
  connecting: [30_000, "failed"],
  reconnecting: [18_000, "failed"],
};
const FAILING = 15_000; // a first connection that ICE gave up on
const RESTART = 3_000; // many interruptions heal before

/** What an error of the server means for the call it is about. */
const REASONS = new Map([
  ["not-found", "unavailable"], ["unavailable", "unavailable"], ["forbidden", "forbidden"],
  ["timeout", "timeout"], ["unsupported", "incompatible"], ["no-call", "gone"], ["call-exists", "busy"],
]);
const NEW = new Set(["asking", "calling", "ringing"]);
const RUNNING = new Set(["accepted", "connecting", "connected", "reconnecting"]);
const EARLY = 200;

/**
 * @typedef {object} Wire what a call needs of its Bridge
 * @property {(message: object, refused?: (e: any) => void) => void} send
 * @property {() => RTCIceServer[]} iceServers
 * @property {(call: Call, was: string) => void} renamed the call goes on under another id
 * @property {(call: Call) => void} done
 */

export class Call extends EventTarget {
  /** @type {string} */ state;
  /** @type {import("./jinglebridge.js").Ended | null} */ ended = null;
  /** @type {MediaStream | null} */ localStream = null;
  /** @type {MediaStream | null} */ remoteStream = null;
  /** When media first flowed, as Date.now() gives it. */ connectedAt = 0;
  muted = { audio: false, video: false };
  remoteMuted = { audio: false, video: false };
  /** An invitation of the same person that met ours on the way. @internal */ crossing = null;
  #wire;
  #wishes;
  /** @type {Peer | null} */ #peer = null;
  #offer = null; // came before we accepted
  #early = []; // candidates that came before there was a Peer
  #yield = ""; // the call that won against ours, still to come
  #ours = true; // localStream is ours to stop
  #switching = Promise.resolve();
  #guard;
  #restart;
  #over; // resolves #ending
  #ending = new Promise((resolve) => { this.#over = resolve; });

  /** Made by Bridge only. @param {Wire} wire */
  constructor(wire, { id, name, title, incoming, media, wishes, stream, offer, timeout }) {
    super();
    this.#wire = wire;
    this.id = id;
    this.name = name;
    this.title = title || name;
    this.incoming = Boolean(incoming);
    this.media = media;
    this.#wishes = wishes;
    this.#offer = offer ?? null;
    if (stream) [this.localStream, this.#ours] = [stream, false];
    this.timeout = timeout > 0 ? timeout * 1000 : 0;
    if (incoming) this.#move("incoming");
  }

  /** The connection under the call, null before there is one. For statistics and tests. */
  get pc() { return this.#peer?.pc ?? null; }

  /** Whether a camera picture can be switched on without asking the other side again. */
  get canSendVideo() { return Boolean(this.#peer?.sender("video")); }

  /** Whether the other side may send a picture, and has not switched it off. */
  get receivesVideo() {
    return !this.remoteMuted.video && Boolean(this.pc?.getTransceivers().some((t) => t.receiver.track.kind === "video" && /recv/.test(t.currentDirection)));
  }

  /** Asks for the devices, then invites. @internal */
  async start() {
    this.#move("asking");
    try {
      await this.#ask(this.#wishes);
    } catch (error) {
      return this.#end("media", { code: error.code, message: error.message, error });
    }
    if (this.crossing) return this.#adopt(this.crossing);
    this.#move("calling");
    this.#send("invite", { media: this.media, ...(this.timeout && { timeout: this.timeout / 1000 }) }, (e) => this.#refused(e));
  }

  /** Tells the caller that a person can see or hear this call now. */
  ring() {
    if (this.state === "incoming") this.#send("ringing");
  }

  /**
   * Takes the call. Rejects, and goes on ringing, when a device that was asked for is missing.
   * @param {{audio?: import("./media.js").Wish, video?: import("./media.js").Wish}} [wishes]
   */
  async accept({ audio = true, video = this.media.includes("video") } = {}) {
    if (this.state !== "incoming") throw new BridgeError("no-call", `cannot accept a call that is ${this.state}`);
    this.#move("asking");
    try {
      await this.#ask({ audio, video: this.media.includes("video") && video });
    } catch (error) {
      if (this.state === "asking") this.#move("incoming");
      throw error;
    }
    this.#taken();
  }

  /** Refuses an incoming call. @param {"decline" | "busy"} [reason] */
  decline(reason = "decline") { this.hangUp(reason); }

  /** Ends the call, whatever state it is in. @param {string} [reason] as in docs/protocol.md */
  hangUp(reason) {
    if (this.ended) return;
    const fresh = this.state === "asking" && !this.incoming;
    const early = NEW.has(this.state) || this.state === "incoming";
    reason ??= !early ? "hangup" : this.incoming ? "decline" : "cancel";
    if (!fresh) this.#send("leave", { reason });
    if (this.crossing) this.#wire.send({ type: "leave", name: this.name, call: this.crossing.call, reason: "decline" });
    this.#end(reason);
  }

  /**
   * Stops or resumes sending a kind, without a new negotiation. A muted camera is released, so
   * that its light goes out.
   * @param {"audio" | "video"} kind
   */
  mute(kind, on = true) {
    const turn = this.#switching.then(() => this.#mute(kind, on));
    this.#switching = turn.catch(() => {});
    return turn;
  }

  async #mute(kind, on) {
    if (!this.localStream || this.ended) throw new BridgeError("no-call", "nothing to mute yet");
    if (this.muted[kind] === on) return;
    if (kind === "video") await (on ? this.#cameraOff() : this.#cameraOn());
    else for (const track of this.localStream.getAudioTracks()) track.enabled = !on;
    this.muted[kind] = on;
    this.#tellMute(kind);
    this.#fire("mute", { kind, on, remote: false });
  }

  async #cameraOff() {
    for (const track of this.localStream.getVideoTracks()) {
      track.enabled = false;
      if (!this.#ours) continue;
      track.stop();
      this.localStream.removeTrack(track);
    }
    await this.#peer?.sender("video")?.replaceTrack(null);
  }

  // Where no picture was agreed on, this asks the other side, who may refuse.

  async #cameraOn() {
    let [track] = this.localStream.getVideoTracks();
    if (!track) {
      const fresh = await ask({ video: sends(this.#wishes?.video) ? this.#wishes.video : true });
      if (this.ended) return release(fresh);
      [track] = fresh.getVideoTracks();
      this.localStream.addTrack(track);
    }
    track.enabled = true;
    try {
      const sender = this.#peer?.sender("video");
      await (sender ? sender.replaceTrack(track) : this.#peer?.grow(track, this.localStream));
    } catch (error) {
      this.localStream.removeTrack(track);
      if (this.#ours) track.stop();
      throw error;
    }
  }

  #tellMute(kind) {
    const mids = this.pc?.getTransceivers().filter((t) => /send/.test(t.currentDirection) && t.receiver.track.kind === kind) ?? [];
    if (mids.length) this.#send("info", { mute: Object.fromEntries(mids.map((t) => [t.mid, this.muted[kind]])) });
  }

  /** A message of the server about this call. @internal */
  handle(message) {
    if (this.ended) return;
    const crossing = this.crossing && message.call === this.crossing.call && message.call !== this.id;
    if (crossing && message.type === "leave") {
      this.crossing = null;
      return;
    }
    switch (message.type) {
      case "ringing": return this.state === "calling" && this.#move("ringing");
      case "accept": return this.#accepted(message.early);
      case "offer": return this.#offered(message.offer);
      case "answer": return this.#answered(message.answer);
      case "candidate": return this.#candidates(message.candidates ?? [message.candidate ?? null]);
      case "info": return this.#informed(message);
      case "leave": return this.#left(message);
      case "error": return this.#troubled(message);
    }
  }

  /** Our invitation met theirs; says whether this call takes theirs in. @internal */
  cross(message) {
    if (this.incoming || !NEW.has(this.state)) return false;
    this.crossing = message;
    if (message.call === this.#yield) this.#adopt(message);
    return true;
  }

  /** The server forgot about the call. @internal */
  lost(reason = "gone") { this.#end(reason, { remote: true, code: "lost" }); }

  async #ask(wishes) {
    if (!this.#ours) return this.#note();
    const asked = ask(wishes);
    const stream = await Promise.race([asked, this.#ending]);
    if (this.ended) {
      asked.then(release, () => {}); // answered when nobody wants it any more
      throw new BridgeError("no-call", "the call is over");
    }
    this.localStream = stream;
    this.#wishes = wishes;
    this.#note();
  }

  #note() {
    this.muted = { audio: !this.localStream.getAudioTracks().length, video: !this.localStream.getVideoTracks().length };
  }

  // The user has taken an incoming call and the devices are there.
  #taken() {
    this.#move("accepted");
    if (this.#offer) return this.#offered(this.#offer); // the answer is the acceptance
    this.#send("accept", {}, (e) => this.#refused(e));
  }

  // Theirs won: go on as the one who was called, and who has already said yes.
  #adopt(message) {
    const was = this.id;
    this.crossing = null;
    this.#peer?.close(); // with an early offer nobody will answer
    this.#peer = null;
    this.id = message.call;
    this.incoming = true;
    this.#offer = message.offer ?? null;
    this.#wire.renamed(this, was);
    this.#taken();
  }

  // Early means that nobody has taken it: the other side's app rings only when it has our offer.
  #accepted(early) {
    if (this.incoming || !NEW.has(this.state)) return; // repeated, or late
    if (!early) {
      this.crossing = null;
      this.#move("accepted");
    }
    if (this.#peer) return; // has offered early
    const peer = this.#connect();
    peer?.add(this.localStream, this.media);
    peer?.offer().catch((error) => peer === this.#peer && this.#broken(error));
  }

  #offered(description) {
    if (!RUNNING.has(this.state)) { // the invitation of an old page, or one in a hurry
      this.#offer = description;
      return;
    }
    this.#offer = null;
    const first = !this.#peer;
    const peer = this.#connect();
    if (first) peer?.bring(this.localStream);
    if (this.state === "accepted") this.#move("connecting");
    peer?.describe({ type: "offer", sdp: String(description?.sdp) }).catch((error) => first && this.#broken(error));
  }

  #answered(description) {
    if (!this.#peer) return; // nothing was asked
    if (this.state === "accepted" || NEW.has(this.state)) this.#move("connecting");
    const first = !this.pc.currentRemoteDescription;
    const type = description?.type === "pranswer" ? "pranswer" : "answer";
    this.#peer.describe({ type, sdp: String(description?.sdp) }).catch((error) => first && this.#broken(error));
  }

  #candidates(list) {
    if (!Array.isArray(list)) return;
    if (this.#peer) this.#peer.candidates(list);
    else this.#early.push(...list.slice(0, EARLY - this.#early.length));
  }

  #informed({ mute }) {
    if (!mute || typeof mute !== "object") return;
    for (const { mid, receiver } of this.pc?.getTransceivers() ?? []) {
      if (mid === null || typeof mute[mid] !== "boolean") continue;
      const { kind } = receiver.track;
      this.remoteMuted[kind] = mute[mid];
      this.#fire("mute", { kind, on: mute[mid], remote: true });
    }
  }

  #left({ reason, message }) {
    const early = NEW.has(this.state) || this.state === "incoming";
    this.#end(reason ?? (!early ? "hangup" : this.incoming ? "cancel" : "decline"), { remote: true, message });
  }

  // An error about this call that answers none of our requests.
  #troubled(error) {
    if (error.code === "no-call") this.#end("gone", { remote: true, code: error.code, message: error.message });
    else if (error.code === "unsupported" || (error.code === "glare" && !NEW.has(this.state))) this.#peer?.refused(new BridgeError(error.code, error.message));
    else if (NEW.has(this.state)) this.#refused(error);
  }

  // Our invite or accept was refused.
  #refused({ code, message, call, retry }) {
    if (this.ended) return;
    if (code === "glare" && !this.incoming) {
      this.#yield = call ?? "";
      if (this.crossing && (!call || this.crossing.call === call)) this.#adopt(this.crossing);
      return;
    }
    if (code === "call-exists" && this.incoming) return; // accepted already, by a glare
    this.#end(REASONS.get(code) ?? "error", { remote: true, code, message, retry });
  }

  #broken(error) {
    if (this.ended) return;
    const code = error instanceof BridgeError ? error.code : undefined;
    const reason = code ? REASONS.get(code) ?? "error" : "incompatible"; // the browser refused a description
    this.#send("leave", { reason });
    this.#end(reason, { code, message: error.message, error });
  }

  #connect() {
    if (this.#peer) return this.#peer;
    this.remoteStream = new MediaStream();
    try {
      this.#peer = new Peer(this.#wire.iceServers(), this.incoming, {
        send: (type, payload, refused) => this.#send(type, payload, refused),
        track: (track) => this.#track(track),
        state: (state) => this.#media(state),
      });
    } catch (error) { // a browser without WebRTC, or an iceServers entry it cannot read
      this.#broken(error);
      return null;
    }
    this.#peer.candidates(this.#early.splice(0));
    return this.#peer;
  }

  #track(track) {
    this.remoteStream.addTrack(track);
    this.#fire("track", { track, stream: this.remoteStream });
  }

  #media(state) {
    if (this.ended) return;
    if (state === "connected") {
      clearTimeout(this.#restart);
      const first = !this.connectedAt;
      this.connectedAt ||= Date.now();
      this.#move("connected");
      if (first) for (const kind of ["audio", "video"]) if (this.muted[kind]) this.#tellMute(kind);
    } else if (state === "disconnected" || state === "failed") {
      if (this.state === "connected") this.#move("reconnecting");
      if (state === "failed" && this.state === "connecting") this.#limit(FAILING, "failed");
      this.#heal(state === "failed" ? 0 : RESTART);
    }
  }

  // The caller restarts ICE (RFC 8445 §9); a side that cannot keeps hoping.
  #heal(delay) {
    clearTimeout(this.#restart);
    if (this.incoming) return;
    this.#restart = setTimeout(() => this.#peer?.offer({ restart: true }).catch(() => {}), delay);
  }

  #send(type, more = {}, refused) {
    const { name, id } = this;
    // The tutorials' keys come first (docs/protocol.md §3).
    const { offer, answer, candidate, candidates, ...rest } = more;
    this.#wire.send({ type, offer, answer, candidate, candidates, name, ...(id && { call: id }), ...rest }, refused);
  }

  #move(state) {
    if (this.state === state || this.ended) return;
    this.state = state;
    clearTimeout(this.#guard);
    const [time, reason] = LIMITS[state] ?? [];
    // An invitation may name its own time (docs/protocol.md §3).
    if (time) this.#limit(reason === "timeout" ? Math.max(time, this.timeout + 15_000) : time, reason);
    this.#fire("state", { state });
  }

  #limit(time, reason) {
    clearTimeout(this.#guard);
    this.#guard = setTimeout(() => this.hangUp(reason), time);
  }

  #end(reason, more = {}) {
    if (this.ended) return;
    const { remote = false, code, message, retry, error } = more;
    this.ended = { reason, remote, code, message, retry, error };
    this.state = "ended";
    clearTimeout(this.#guard);
    clearTimeout(this.#restart);
    this.#peer?.close();
    if (this.#ours) release(this.localStream);
    this.#over();
    this.#wire.done(this);
    this.#fire("state", { state: "ended" });
    this.#fire("ended", this.ended);
  }

  #fire(type, more) {
    this.dispatchEvent(Object.assign(new Event(type), { call: this }, more));
  }
}
