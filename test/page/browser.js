// Pages in Chromium for the tests of the call page: opening, clicking, waiting, counting.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  // Each window's address bar would have a renderer of its own.
  "--disable-features=WebRtcHideLocalIpsWithMdns,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
  "--disable-background-networking",
];

/** @param {string[]} [flags] instead of the fake devices that say yes */
export const launch = (flags = FLAGS) => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });

/** Without anybody to click, Chromium refuses the devices. */
export const REFUSING = FLAGS.filter((f) => !f.includes("fake-ui"));

/** Opens the page in a browser profile of its own. What goes wrong in it is a test's failure. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, ...options });
  const page = await context.newPage();
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(String(error)));
  page.on("console", (line) => line.type() === "error" && page.troubles.push(line.text()));
  await page.goto(url);
  return page;
}

export async function login(page, name) {
  await page.fill("#name", name);
  await page.click("#login");
  await page.waitForSelector("#home-view:not([hidden])");
}

/** A logged-in page. */
export async function enter(browser, url, name, options) {
  const page = await open(browser, url, options);
  await login(page, name);
  return page;
}

/** Waits for a state of the call. */
export const state = (page, wanted) => page.waitForSelector(`#app[data-state="${wanted}"]`, { state: "attached", timeout: 15_000 });

export const text = (page, id) => page.locator(id).textContent();

/** Waits until an element says something. */
export const says = (page, id, part) => page.waitForFunction(
  ([i, p]) => document.querySelector(i)?.textContent.includes(p), [id, part], { timeout: 15_000 });

/** Waits until media of these kinds flows both ways: packets, and decoded pictures, grow. */
export async function flows(page, kinds = ["audio"]) {
  const counts = () => page.evaluate(async (wanted) => {
    const stats = [...(await document.querySelector("#app").call.pc.getStats()).values()];
    const sum = (type, kind, key) => stats.filter((s) => s.type === type && s.kind === kind).reduce((n, s) => n + (s[key] ?? 0), 0);
    const rows = wanted.flatMap((kind) => [
      [`${kind} in`, sum("inbound-rtp", kind, "packetsReceived")],
      [`${kind} out`, sum("outbound-rtp", kind, "packetsSent")],
    ]);
    if (wanted.includes("video")) rows.push(["decoded", sum("inbound-rtp", "video", "framesDecoded")]);
    return Object.fromEntries(rows);
  }, kinds);
  const first = await counts();
  const deadline = Date.now() + 20_000;
  for (;;) {
    const now = await counts(); // statistics have no event to wait for
    if (Object.keys(now).every((key) => now[key] > first[key] + 5)) return now;
    if (Date.now() > deadline) throw new Error(`no media: first ${JSON.stringify(first)}, now ${JSON.stringify(now)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
