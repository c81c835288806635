// The sounds of a telephone, made of sine waves: nothing to load.

// Pairs of [frequencies, seconds]; no frequency is silence. `every` repeats the whole.
const TONES = {
  ring: { notes: [[[523, 659], 0.16], [[], 0.06], [[587, 740], 0.16], [[], 0.06], [[659, 784], 0.3]], every: 2.4, volume: 0.18 },
  ringback: { notes: [[[425], 1]], every: 5, volume: 0.06 }, // the European ring-back (ITU-T E.180)
  connected: { notes: [[[660], 0.07], [[880], 0.1]], volume: 0.08 },
  ended: { notes: [[[660], 0.08], [[440], 0.14]], volume: 0.08 },
  busy: { notes: [[[425], 0.45], [[], 0.45], [[425], 0.45], [[], 0.45], [[425], 0.45]], volume: 0.06 },
};

export class Tones {
  /** @type {AudioContext | null} */ #audio = null;
  #timer;
  /** @type {GainNode | null} */ #gain = null;
  /** What sounds, "" in silence. */ playing = "";

  /** Browsers let a page sound after a click only: call this in one. */
  unlock() {
    if (!this.#audio && typeof AudioContext === "function") this.#audio = new AudioContext();
    this.#audio?.resume().catch(() => {});
  }

  /** Plays a tone instead of what sounded before; "" or an unknown one is silence. */
  play(name) {
    if (name === this.playing && TONES[name]?.every) return;
    this.stop();
    const tone = TONES[name];
    if (!tone) return;
    this.playing = name;
    if (name === "ring") globalThis.navigator?.vibrate?.([300, 200, 300]);
    this.#sound(tone);
    if (tone.every) this.#timer = setInterval(() => this.#sound(tone), tone.every * 1000);
  }

  stop() {
    clearInterval(this.#timer);
    if (this.playing === "ring") globalThis.navigator?.vibrate?.(0);
    this.playing = "";
    // A hard stop clicks; 30 ms do not.
    this.#gain?.gain.setTargetAtTime(0, this.#audio.currentTime, 0.01);
    this.#gain = null;
  }

  #sound({ notes, volume }) {
    const audio = this.#audio;
    if (audio?.state !== "running") return;
    const gain = this.#gain = audio.createGain();
    gain.gain.value = volume;
    gain.connect(audio.destination);
    let at = audio.currentTime + 0.02;
    for (const [frequencies, length] of notes) {
      for (const frequency of frequencies) this.#note(gain, frequency, at, length);
      at += length;
    }
  }

  #note(out, frequency, at, length) {
    const note = new OscillatorNode(this.#audio, { frequency });
    const shape = new GainNode(this.#audio, { gain: 0 });
    shape.gain.setTargetAtTime(1, at, 0.008);
    shape.gain.setTargetAtTime(0, at + length - 0.03, 0.012);
    note.connect(shape).connect(out);
    note.start(at);
    note.stop(at + length + 0.05);
  }
}
