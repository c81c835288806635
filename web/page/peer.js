// The media layer of one call: an RTCPeerConnection, its descriptions and candidates, by the
// rules of perfect negotiation (WebRTC 1.0 §10.7). It knows nothing of ringing and names.
import { BridgeError } from "./error.js";

const BATCH = 50; // ms; a handful of candidates per message instead of twenty messages
const ANSWER = 20_000; // ms for an answer in a running call
const EARLY = 200; // candidates kept until the description they belong to is here

/**
 * @typedef {object} PeerHooks
 * @property {(type: "offer" | "answer" | "candidate", payload: object, refused?: (e: BridgeError) => void) => void} send
 * @property {(track: MediaStreamTrack) => void} track
 * @property {(state: RTCPeerConnectionState) => void} state
 */

export class Peer {
  /** @type {RTCPeerConnection} */ pc;
  #hooks;
  #polite;
  #queue = Promise.resolve();
  #closed = false;
  #stop; // rejects #gone
  #gone;
  /** @type {MediaStream | null} */ #bring = null;
  #offering = false; // from createOffer until our offer is answered or taken back
  #ignoring = null; // the other side's offer that lost against ours
  /** @type {{done: (v?: any) => void, fail: (e: Error) => void} | null} */ #waiting = null;
  #started = false; // our first description is out; candidates may follow it
  #out = []; // candidates to send
  #timer;
  #early = []; // candidates received too early

  /** @param {RTCIceServer[]} iceServers @param {boolean} polite @param {PeerHooks} hooks */
  constructor(iceServers, polite, hooks) {
    this.#hooks = hooks;
    this.#polite = polite;
    this.#gone = new Promise((_, stop) => { this.#stop = () => stop(over()); });
    this.#gone.catch(() => {});
    // COMPAT Dino: answers without BUNDLE; "max-bundle" would leave it without video.
    const pc = this.pc = new RTCPeerConnection({ iceServers: usable(iceServers), bundlePolicy: "balanced", rtcpMuxPolicy: "require" });
    pc.onicecandidate = ({ candidate }) => this.#gathered(candidate);
    pc.ontrack = ({ track }) => hooks.track(track);
    pc.onconnectionstatechange = () => hooks.state(pc.connectionState);
  }

  /** These tracks go into the answer to the first offer. @param {MediaStream} stream */
  bring(stream) {
    this.#bring = stream;
  }

  /** Sends these tracks in our next offer, and receives these kinds even with nothing to send. */
  add(stream, kinds = []) {
    for (const track of stream.getTracks()) this.pc.addTrack(track, stream);
    for (const kind of kinds) {
      // A place for what only comes in.
      if (!this.#places(kind).length) this.pc.addTransceiver(kind, { direction: "recvonly", streams: [stream] });
    }
  }

  /** The sender of a kind, if the other side agreed to receive it. @returns {RTCRtpSender | undefined} */
  sender(kind) {
    return this.#places(kind).find((t) => /send/.test(t.currentDirection ?? t.direction))?.sender;
  }

  #places(kind) {
    return this.pc.getTransceivers().filter((t) => t.receiver.track.kind === kind && t.direction !== "stopped");
  }

  /** Offers what we have now. Resolves when it is answered, rejects when it is refused. */
  offer({ restart = false } = {}) {
    return this.#next(async () => {
      if (this.#offering || this.pc.signalingState !== "stable") throw new BridgeError("glare", "another change is under way");
      this.#offering = true;
      try {
        const made = await this.#live(this.pc.createOffer({ iceRestart: restart }));
        await this.#live(this.pc.setLocalDescription(made));
      } catch (error) {
        this.#offering = false;
        throw error;
      }
      const answered = new Promise((done, fail) => { this.#waiting = { done, fail }; });
      this.#say("offer", (error) => this.refused(error));
      return { answered }; // not the promise itself: the queue must go on to read the answer
    }).then(({ answered }) => this.#live(answered)).finally(this.#patience());
  }

  // In a running call nobody else watches the time.
  #patience() {
    if (!this.pc.currentRemoteDescription) return () => {};
    const timer = setTimeout(() => this.refused(new BridgeError("timeout", "no answer to a change of the call")), ANSWER);
    return () => clearTimeout(timer);
  }

  /** Sends one track more. Rejects, and takes it back, when the other side refuses. */
  async grow(track, stream) {
    const sender = this.pc.addTrack(track, stream);
    const sending = () => this.pc.getTransceivers().some((t) => t.sender === sender && /send/.test(t.currentDirection));
    for (let tries = 3; !sending(); tries--) {
      try {
        await this.offer();
      } catch (error) {
        if (error.code === "glare" && tries > 1) await this.#queue; // theirs goes first; it may carry ours
        else return this.#shrink(sender, error);
      }
    }
  }

  #shrink(sender, error) {
    if (!this.#closed) this.pc.removeTrack(sender);
    throw error;
  }

  /** Takes a description of the other side; an offer is answered. */
  describe(description) {
    return this.#next(() => description?.type === "offer" ? this.#answer(description) : this.#answered(description));
  }

  async #answer(description) {
    const collision = this.#offering || this.pc.signalingState !== "stable";
    if (collision && !this.#polite) {
      this.#ignoring = description; // comes back if ours is refused
      return;
    }
    const before = this.#waiting;
    this.#waiting = null;
    this.#offering = false;
    // In have-local-offer this rolls ours back (RFC 8829 §4.1.10.2).
    await this.#live(this.pc.setRemoteDescription(description));
    before?.fail(new BridgeError("glare", "the other side changed the call at the same time"));
    await this.#flushEarly();
    // Now the offer's places exist, and addTrack takes them instead of making new ones.
    if (this.#bring) this.add(this.#bring);
    this.#bring = null;
    await this.#live(this.pc.setLocalDescription(await this.#live(this.pc.createAnswer())));
    this.#say("answer");
  }

  async #answered(description) {
    if (this.pc.signalingState !== "have-local-offer") return; // late or repeated
    await this.#live(this.pc.setRemoteDescription(description));
    if (description.type === "pranswer") return;
    this.#offering = false;
    this.#ignoring = null;
    this.#waiting?.done();
    this.#waiting = null;
    await this.#flushEarly();
  }

  /** Our last offer was refused; the call goes on as it was. @param {BridgeError} error */
  refused(error) {
    return this.#next(async () => {
      if (!this.#offering) return;
      this.#offering = false;
      this.#waiting?.fail(error);
      this.#waiting = null;
      if (this.pc.signalingState === "have-local-offer" && this.pc.currentRemoteDescription) {
        await this.#live(this.pc.setLocalDescription({ type: "rollback" }));
      }
      const kept = this.#ignoring;
      this.#ignoring = null;
      if (kept) await this.#answer(kept);
    }).catch(() => {}); // closed meanwhile
  }

  /** Takes candidates of the other side. @param {(RTCIceCandidateInit | null)[]} list */
  candidates(list) {
    this.#early.push(...list.slice(0, EARLY - this.#early.length));
    return this.#next(() => this.#flushEarly()).catch(() => {});
  }

  async #flushEarly() {
    if (!this.pc.remoteDescription) return;
    for (const candidate of this.#early.splice(0)) {
      try {
        await this.#live(this.pc.addIceCandidate(candidate ?? undefined));
      } catch {
        // One bad candidate (another generation, a kind this browser does not know) harms nobody.
        if (this.#closed) return;
      }
    }
  }

  /** Ends it at once; nothing waits for it any more. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.pc.onicecandidate = this.pc.ontrack = this.pc.onconnectionstatechange = null;
    this.pc.close();
    this.#waiting?.fail(over());
    this.#stop();
  }

  #say(type, refused) {
    const { localDescription } = this.pc;
    if (!localDescription || this.#closed) return;
    this.#hooks.send(type, { [type]: { type, sdp: localDescription.sdp } }, refused);
    this.#started = true;
    this.#flushOut();
  }

  #gathered(candidate) {
    this.#out.push(candidate && candidate.toJSON());
    if (this.#started && this.#timer === undefined) this.#timer = setTimeout(() => this.#flushOut(), BATCH);
  }

  #flushOut() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const some = this.#out.splice(0);
    const candidates = some.filter(Boolean);
    if (candidates.length) this.#hooks.send("candidate", { candidates });
    if (some.length > candidates.length) this.#hooks.send("candidate", { candidate: null }); // the end
  }

  // One step after the other, in the order of the messages.
  #next(step) {
    const result = this.#queue.then(() => {
      if (this.#closed) throw over();
      return step();
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  // COMPAT Chromium: a promise of a connection that is closed meanwhile never settles.
  #live(promise) {
    return Promise.race([promise, this.#gone]);
  }
}

const over = () => new BridgeError("no-call", "the call is over");

// COMPAT Chromium, Firefox: a stun: URL with ?transport= throws SyntaxError (RFC 7064 has none).
function usable(servers) {
  const strip = (url) => (/^stuns?:/i.test(url) ? url.replace(/\?.*$/, "") : url);
  return (servers ?? []).map((s) => ({ ...s, urls: [].concat(s.urls ?? []).map(strip) })).filter((s) => s.urls.length);
}
