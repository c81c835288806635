// Two call pages and a server between them.
import test from "node:test";
import assert from "node:assert/strict";
import { stage } from "./stage.js";
import { flows, says, state, text } from "./browser.js";

const it = stage();

async function connected(anna, bob, kind = "audio") {
  await anna.click(`li[data-name="bob"] .${kind}`);
  await state(bob, "incoming");
  await bob.click("#answer");
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
}

test("an audio call: rings truly, flows both ways, ends on both sides", async () => {
  const [anna, bob] = await it.pair();
  await anna.fill("#to", "bob");
  await anna.press("#to", "Enter");
  await state(anna, "ringing");
  const order = it.stub.log.filter((l) => l.from).map((l) => `${l.from} ${l.message.type}`);
  assert.ok(order.indexOf("anna invite") < order.indexOf("bob ringing"), order.join(", "));
  assert.equal(await anna.evaluate(() => document.querySelector("#app").call.pc), null, "nothing is gathered before somebody answers");
  assert.match(await bob.title(), /anna|jinglebridge/);
  await bob.click("#answer");
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
  await Promise.all([flows(anna), flows(bob)]);
  assert.match(await text(anna, "#timer"), /^00:0\d$/);
  await anna.click("#hangup");
  await Promise.all([state(anna, "ended"), state(bob, "ended")]);
  assert.equal(await text(anna, "#reason"), "You hung up.");
  assert.equal(await text(bob, "#reason"), "anna hung up.");
  assert.equal((await it.stub.heard("anna", "leave")).reason, "hangup");
  for (const page of [anna, bob]) {
    assert.equal(await page.evaluate(() => document.querySelector("#app").call.pc.connectionState), "closed");
    assert.equal(await page.evaluate(() => document.querySelector("#app").call.localStream.active), false, "the microphone is released");
  }
});

test("a video call: pictures are decoded on both sides and shown", async () => {
  const [anna, bob] = await it.pair();
  await connected(anna, bob, "video");
  await Promise.all([flows(anna, ["audio", "video"]), flows(bob, ["audio", "video"])]);
  for (const page of [anna, bob]) {
    await page.waitForSelector("#call[data-picture]");
    await page.waitForFunction(() => document.querySelector("#remote").videoWidth > 0);
    assert.deepEqual(await page.evaluate(() => document.querySelector("#remote").srcObject.getTracks().map((t) => t.kind).sort()), ["audio", "video"]);
  }
});

test("candidates come in few messages, and their end is told", async () => {
  const [anna, bob] = await it.pair();
  await connected(anna, bob);
  await it.stub.heard("anna", "candidate", (m) => m.candidate === null);
  const some = it.stub.said("anna", "candidate");
  assert.ok(some.some((m) => m.candidates?.length > 0), "batches");
  const first = it.stub.log.findIndex((l) => l.from === "anna" && l.message.type === "candidate");
  const offer = it.stub.log.findIndex((l) => l.from === "anna" && l.message.type === "offer");
  assert.ok(offer < first, "the offer goes before its candidates");
  assert.match(it.stub.said("anna", "offer")[0].offer.sdp, /a=rtcp-mux/);
});

test("answered without camera: the picture still comes in", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .video');
  await state(bob, "incoming");
  await bob.click("#answer-audio");
  await state(bob, "connected");
  await bob.waitForSelector("#call[data-picture]");
  assert.match(it.stub.said("bob", "answer")[0].answer.sdp, /m=video [^]*a=recvonly/);
  assert.equal(await bob.getAttribute("#camera", "aria-pressed"), "true");
  // Later he shows himself after all: a negotiation, which the other page answers.
  await bob.click("#camera");
  await anna.waitForSelector("#call[data-picture]");
  await flows(bob, ["audio", "video"]);
});

test("camera and microphone off and on again, without a negotiation", async () => {
  const [anna, bob] = await it.pair();
  await connected(anna, bob, "video");
  await flows(anna, ["audio", "video"]);
  await bob.waitForSelector("#call[data-picture]");
  await anna.click("#camera");
  await bob.waitForSelector("#call:not([data-picture])");
  assert.equal(await anna.evaluate(() => document.querySelector("#app").call.localStream.getVideoTracks().length), 0, "the camera is released");
  await anna.click("#mute");
  await bob.waitForSelector("#remote-muted:not([hidden])");
  assert.match(await text(bob, "#remote-muted"), /anna's microphone is off/);
  await anna.click("#camera");
  await anna.click("#mute");
  await bob.waitForSelector("#call[data-picture]");
  await flows(bob, ["audio", "video"]);
  assert.equal(it.stub.said("anna", "offer").length, 1);
  assert.equal(it.stub.said("anna", "info").length, 4);
});

test("a change that the other side's app cannot do leaves the call as it was", async () => {
  const [anna, bob] = await it.pair();
  await connected(anna, bob);
  it.stub.hooks.set("offer", (m, from) => {
    it.stub.send(from, { type: "error", message: "not now", code: "unsupported", id: m.id, name: m.name, call: m.call });
    return true;
  });
  await anna.click("#camera");
  await says(anna, "#note", "bob's app cannot change a running call");
  assert.equal(await anna.getAttribute("#camera", "aria-pressed"), "true");
  assert.equal(await anna.evaluate(() => document.querySelector("#app").call.pc.signalingState), "stable");
  assert.equal(await anna.evaluate(() => document.querySelector("#app").call.localStream.getVideoTracks().length), 0);
  await Promise.all([flows(anna), flows(bob)]);
});

test("declined", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await bob.click("#decline");
  await state(anna, "ended");
  assert.equal(await text(anna, "#reason"), "bob declined the call.");
  assert.equal(await bob.locator("#incoming").isVisible(), false);
});

test("cancelled: the callee is told what was missed", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await anna.click("#hangup");
  await bob.waitForSelector('#missed li[data-name="anna"]');
  assert.equal(await text(anna, "#reason"), "You cancelled the call.");
  assert.equal((await it.stub.heard("anna", "leave")).reason, "cancel");
  assert.equal(await bob.locator("#incoming").isVisible(), false);
  assert.match(await text(bob, "#live"), /Missed call from anna/);
  // From the list he calls back.
  await bob.click('#missed li[data-name="anna"] .audio');
  await anna.waitForSelector("#incoming[open]");
  await anna.click("#answer");
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
});

test("busy: the running call goes on, and the missed one is told", async () => {
  const [anna, bob] = await it.pair();
  await connected(anna, bob);
  const carol = await it.enter("carol");
  await carol.click('li[data-name="bob"] .audio');
  await state(carol, "ended");
  assert.equal(await text(carol, "#reason"), "bob is in another call.");
  assert.equal(it.stub.said("bob", "ringing").length, 1, "a call that nobody hears does not ring");
  await flows(anna);
  await anna.click("#hangup");
  await state(bob, "ended");
  await bob.click("#close");
  await bob.waitForSelector('#missed li[data-name="carol"]');
});

test("one page goes: the other learns it", async () => {
  const [anna, bob] = await it.pair();
  await connected(anna, bob);
  await bob.goto("about:blank");
  await state(anna, "ended");
  assert.equal((await it.stub.heard("bob", "leave")).reason, "hangup");
  await anna.waitForSelector('li[data-name="bob"][data-tone="off"]', { state: "attached" });
});

test("the name from the address, the person to call too", async () => {
  const page = await it.open({}, "?name=anna&to=juliet%40example.org");
  assert.equal(await page.inputValue("#name"), "anna");
  assert.equal(await page.inputValue("#to"), "juliet@example.org");
  const other = await it.open({}, "#romeo@example.org");
  assert.equal(await other.inputValue("#to"), "romeo@example.org");
  const third = await it.open({}, "call/frontdoor");
  assert.equal(await third.inputValue("#to"), "frontdoor");
});

test("a password is asked for where a name has one, and said with the next try", async () => {
  const page = await it.open();
  it.stub.hooks.set("login", (m, _, socket) => {
    if (m.password === "secret") return false;
    const code = m.password ? "auth-failed" : "auth-required";
    socket.send(JSON.stringify({ type: "login", success: false, code, message: "no", methods: ["none", "password"], id: m.id }));
    return true;
  });
  await page.fill("#name", "anna");
  assert.equal(await page.isVisible("#password"), false);
  await page.click("#login");
  await says(page, "#login-error", "Please type the password of this name.");
  assert.equal(await page.evaluate(() => document.activeElement.id), "password");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await says(page, "#login-error", "Name and password do not fit. Check both, then try again.");
  await page.fill("#password", "secret");
  await page.click("#login");
  await page.waitForSelector("#home-view:not([hidden])");
  assert.equal(await page.inputValue("#password"), "");
});

test("calls that came while nobody was there are in the list", async () => {
  const anna = await it.enter("anna");
  it.stub.send("anna", { type: "missed", name: "romeo@example.org", title: "Romeo", media: ["audio"], at: 1_763_654_400 });
  await says(anna, "#live", "Missed call from Romeo.");
  assert.match(await text(anna, "#missed"), /Romeo.*while you were away/s);
});

test("a taken name, and no name, are said at the login", async () => {
  await it.enter("anna");
  const page = await it.open();
  await page.click("#login");
  assert.match(await text(page, "#login-error"), /type a name/);
  await page.fill("#name", "anna");
  await page.click("#login");
  await says(page, "#login-error", "Somebody already uses this name. Choose another one.");
  await page.fill("#name", "bob");
  await page.click("#login");
  await page.waitForSelector("#home-view:not([hidden])");
});
