// jinglebridge.js as other sites use it.
import test from "node:test";
import assert from "node:assert/strict";
import { stage } from "./stage.js";
import { state } from "./browser.js";
import { Bridge, BridgeError } from "../../web/page/jinglebridge.js";

const it = stage();

/** A page of another origin, with nothing on it. */
async function elsewhere() {
  const page = await it.open();
  await page.goto(`${it.stub.url.replace("127.0.0.1", "localhost")}elsewhere`);
  return page;
}

test("loads where there is no window", () => {
  const bridge = new Bridge("https://call.example/ws", { name: "anna" });
  assert.equal(bridge.state, "idle");
  assert.throws(() => bridge.call("bob"), (error) => error instanceof BridgeError && error.code === "offline");
  assert.throws(() => new Bridge("ws"), TypeError, "a relative address needs a page");
  bridge.close();
});

test("another site imports it, calls, and is called", async () => {
  const page = await elsewhere();
  const anna = await it.enter("anna");
  await page.evaluate(async (url) => {
    const { Bridge } = await import(`${url}jinglebridge.js`);
    const bridge = globalThis.bridge = new Bridge(`${url}ws`, { name: "shop" });
    globalThis.seen = [];
    bridge.addEventListener("presence", (e) => globalThis.seen.push(e.contact.name));
    bridge.addEventListener("call", (e) => e.call.accept({ audio: true }));
    await bridge.login();
    const call = globalThis.call = bridge.call("anna", { audio: true });
    call.addEventListener("state", (e) => { globalThis.seen.push(e.state); });
    call.addEventListener("track", (e) => { globalThis.stream = e.stream; });
  }, it.stub.url);
  await state(anna, "incoming");
  await anna.click("#answer");
  await state(anna, "connected");
  await page.waitForFunction(() => globalThis.call.state === "connected" && globalThis.stream.getAudioTracks().length === 1);
  await page.evaluate(() => globalThis.call.hangUp());
  await state(anna, "ended");
  const seen = await page.evaluate(() => globalThis.seen);
  assert.equal(seen.filter((what) => what === "anna").length, 1, "who is there is told once, before or after the call begins");
  assert.deepEqual(seen.filter((what) => what !== "anna"), ["calling", "ringing", "accepted", "connecting", "connected", "ended"]);
  await anna.click("#again");
  await state(anna, "connected");
});

test("a page that cannot log in says where the server's list of pages is", async () => {
  const page = await elsewhere();
  const said = await page.evaluate(async (url) => {
    const { Bridge } = await import(`${url}jinglebridge.js`);
    return new Bridge("ws://localhost:9/", { name: "x" }).login().catch((error) => error.message);
  }, it.stub.url);
  page.troubles.length = 0; // Chromium itself reports the refused connection
  assert.match(said, /pages of http:\/\/localhost:\d+ \(listen\.origins/);
});

test("a refused login, a server that is not there", async () => {
  await it.enter("anna");
  const page = await elsewhere();
  const codes = await page.evaluate(async (url) => {
    const { Bridge } = await import(`${url}jinglebridge.js`);
    const code = (address, options) => new Bridge(address, options).login().then(() => "in", (error) => error.code);
    return [await code(url, { name: "anna" }), await code("ws://localhost:9/", { name: "x" }),
      await code(url, { name: "y", token: () => Promise.reject(new Error("no")) })];
  }, it.stub.url);
  page.troubles.length = 0; // Chromium itself reports the refused connection
  assert.deepEqual(codes, ["name-taken", "unreachable", "token"]);
});

test("closing while the login is under way, and logging in again", async () => {
  const page = await elsewhere();
  const result = await page.evaluate(async (url) => {
    const { Bridge } = await import(`${url}jinglebridge.js`);
    const bridge = new Bridge(url, { name: "shop" });
    const first = bridge.login().catch((error) => error.code);
    bridge.close();
    const second = bridge.login().then(() => bridge.state);
    return [await first, await second];
  }, it.stub.url);
  assert.deepEqual(result, ["aborted", "online"]);
});

test("a page that does not listen for calls is not rung", async () => {
  const page = await elsewhere();
  await page.evaluate(async (url) => {
    const { Bridge } = await import(`${url}jinglebridge.js`);
    await new Bridge(url, { name: "shop" }).login();
  }, it.stub.url);
  it.stub.send("shop", { type: "invite", name: "anna", call: "c1", media: ["audio"] });
  assert.equal((await it.stub.heard("shop", "leave")).reason, "unavailable");
  assert.equal(it.stub.said("shop", "ringing").length, 0);
});

test("an AbortSignal ends a call; a stream of one's own is left alone", async () => {
  const anna = await it.enter("anna");
  const page = await elsewhere();
  const ended = await page.evaluate(async (url) => {
    const { Bridge } = await import(`${url}jinglebridge.js`);
    const bridge = new Bridge(url, { name: "shop" });
    await bridge.login();
    const stream = new MediaStreamTrackGenerator({ kind: "audio" });
    const mine = new MediaStream([stream]);
    const abort = new AbortController();
    const call = bridge.call("anna", { stream: mine, signal: abort.signal });
    await new Promise((resolve) => call.addEventListener("state", (e) => e.state === "ringing" && resolve()));
    abort.abort();
    return { reason: call.ended.reason, track: stream.readyState };
  }, it.stub.url);
  assert.deepEqual(ended, { reason: "cancel", track: "live" });
  await anna.waitForSelector("#missed li");
});

test("a path that breaks: reconnecting is said, a restart is tried, and it ends as failed", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await bob.click("#answer");
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
  await bob.evaluate(() => document.querySelector("#app").call.pc.close());
  await state(anna, "reconnecting");
  await it.stub.heard("anna", "offer", (m) => m !== it.stub.said("anna", "offer")[0]);
  assert.equal((await it.stub.heard("anna", "leave", () => true, 30_000)).reason, "failed");
  await state(anna, "ended");
  await state(bob, "ended");
});
