// Says when nobody looks at the page any more, and when somebody does again.

/**
 * @param {number} seconds of hiding that mean away
 * @param {(away: boolean) => void} turn
 * @param {AbortSignal} signal ends it
 */
export function watchAway(seconds, turn, signal) {
  const page = globalThis.document;
  if (!page || !(seconds > 0)) return;
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (page.visibilityState !== "hidden") turn(false);
    else timer = setTimeout(() => turn(true), seconds * 1000);
  };
  page.addEventListener("visibilitychange", look, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  look();
}
