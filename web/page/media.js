// Microphone and camera: asking for them, and saying plainly why there are none.
import { BridgeError } from "./error.js";

/**
 * What to send or receive of one kind: `true` or constraints send and receive, "receive" only
 * receives, `false` leaves it out.
 * @typedef {boolean | "receive" | MediaTrackConstraints} Wish
 */

// Nobody needs more than 720p here, and phones encode it in hardware.
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" };

const CODES = new Map([
  ["NotAllowedError", "denied"], ["SecurityError", "denied"], ["PermissionDeniedError", "denied"],
  ["NotFoundError", "no-device"], ["OverconstrainedError", "no-device"], ["DevicesNotFoundError", "no-device"],
  ["NotReadableError", "in-use"], ["AbortError", "in-use"], ["TrackStartError", "in-use"],
]);

/** Whether a wish sends. @param {Wish} [wish] */
export const sends = (wish) => Boolean(wish) && wish !== "receive";

/**
 * Asks for what is wished for. Must be called in a click, or the browser may refuse.
 * @param {{audio?: Wish, video?: Wish}} wishes
 * @returns {Promise<MediaStream>} an empty stream when nothing is to be sent
 */
export async function ask({ audio, video }) {
  if (!sends(audio) && !sends(video)) return new MediaStream();
  const devices = globalThis.navigator?.mediaDevices;
  // Browsers hide the devices from pages that anybody on the way could have changed.
  if (!devices?.getUserMedia) throw new BridgeError("insecure", "microphone and camera need https or localhost");
  try {
    return await devices.getUserMedia({
      audio: sends(audio) ? audio : false,
      video: !sends(video) ? false : video === true ? CAMERA : video,
    });
  } catch (cause) {
    throw new BridgeError(CODES.get(cause.name) ?? "media", cause.message || cause.name, { cause });
  }
}

/** Releases microphone and camera. @param {MediaStream | null} stream */
export function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * What an SDP offers, in our words.
 * @param {string} [sdp]
 * @returns {("audio" | "video")[]}
 */
export function kindsOf(sdp = "") {
  const kinds = [...sdp.matchAll(/^m=(audio|video) (\d+)/gm)].filter((m) => m[2] !== "0" || /a=bundle-only/.test(sdp));
  return [...new Set(kinds.map((m) => /** @type {"audio" | "video"} */ (m[1])))];
}
