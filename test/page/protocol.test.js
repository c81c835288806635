// One call page against a server, or a caller, that does everything but the usual.
import test from "node:test";
import assert from "node:assert/strict";
import { stage } from "./stage.js";
import { flows, says, state, text } from "./browser.js";
import { ENDED, why } from "../../web/page/states.js";

const it = stage();
const call = (page, expression) => page.evaluate(`document.querySelector("#app").call.${expression}`);

/** Has anna call somebody of whom only the stub knows. */
async function dial(anna, name, answerInvite) {
  it.stub.hooks.set("invite", (m, from) => (answerInvite?.(m, from), true));
  await anna.fill("#to", name);
  await anna.press("#to", "Enter");
  return it.stub.heard("anna", "invite");
}

test("every reason to end a call is told in plain words", async () => {
  const anna = await it.enter("anna");
  for (const reason of Object.keys(ENDED)) {
    it.stub.log.length = 0;
    const { call: id } = await dial(anna, "juliet@example.org");
    it.stub.send("anna", { type: "leave", name: "juliet@example.org", call: id, reason });
    await state(anna, "ended");
    const { text: what, next } = why({ reason, remote: true }, "juliet@example.org");
    assert.equal(await text(anna, "#reason"), what);
    assert.equal(await text(anna, "#next"), next);
    assert.equal(await text(anna, "#live"), `${what} ${next}`.trim());
    await anna.press("#call", "Escape");
    await anna.waitForSelector("#home-view:not([hidden])");
  }
});

test("what the server refuses is told too", async () => {
  const anna = await it.enter("anna");
  const table = [
    ["not-found", "There is nobody called jule."], ["unavailable", "jule cannot be reached right now."],
    ["forbidden", "This server does not allow calls to jule."], ["rate-limited", "Too many calls in a short time."],
    ["upstream", "The bridge has lost its XMPP server."], ["internal", "The call could not go on because of an error."],
    ["unsupported", "jule's app cannot take this kind of call."], ["timeout", "Nobody answered."],
  ];
  for (const [code, want] of table) {
    it.stub.log.length = 0;
    await dial(anna, "jule", (m, from) => it.stub.send(from, { type: "error", message: "no", code, id: m.id }));
    await state(anna, "ended");
    assert.equal(await text(anna, "#reason"), want, code);
    await anna.click("#close");
  }
  assert.equal(it.stub.said("anna", "leave").length, 0, "a refused call is not left");
});

test("calling is not ringing until the other side says so; repeats change nothing", async () => {
  const anna = await it.enter("anna");
  const { call: id } = await dial(anna, "jule", (m, from) => it.stub.send(from, { type: "ok", id: m.id, call: m.call }));
  assert.equal(await text(anna, "#state"), "Calling…");
  it.stub.send("anna", { type: "ringing", name: "jule", call: id });
  await says(anna, "#state", "Ringing");
  it.stub.send("anna", { type: "accept", name: "jule", call: id });
  it.stub.send("anna", { type: "accept", name: "jule", call: id });
  it.stub.send("anna", { type: "ringing", name: "jule", call: id });
  await it.stub.heard("anna", "offer");
  await state(anna, "accepted");
  await anna.click("#hangup");
  it.stub.send("anna", { type: "accept", name: "jule", call: id });
  it.stub.send("anna", { type: "leave", name: "jule", call: id, reason: "busy" });
  it.stub.send("anna", { type: "leave", name: "somebody", call: "unknown", reason: "busy" });
  it.stub.send("anna", { type: "nonsense" });
  it.stub.send("anna", { type: "candidate", candidate: { candidate: "x" } });
  it.stub.send("anna", { type: "presence", name: "last", show: "available", media: [] });
  await anna.waitForSelector('li[data-name="last"]', { state: "attached" });
  assert.equal(await text(anna, "#reason"), "You hung up.");
  assert.equal(it.stub.said("anna", "offer").length, 1);
});

test("answered on another device", async () => {
  const anna = await it.enter("anna");
  it.stub.send("anna", { type: "invite", name: "juliet@example.org", call: "m1", media: ["audio"], title: "Juliet" });
  await it.stub.heard("anna", "ringing");
  assert.equal(await text(anna, "#caller"), "Juliet");
  it.stub.send("anna", { type: "leave", name: "juliet@example.org", call: "m1", reason: "elsewhere" });
  await anna.waitForSelector("#incoming:not([open])", { state: "attached" });
  assert.match(await text(anna, "#live"), /answered on another device/);
  assert.equal(await anna.locator("#missed li").count(), 0);
});

test("an invitation that comes twice rings once", async () => {
  const anna = await it.enter("anna");
  const invite = { type: "invite", name: "jule", call: "m2", media: ["audio"] };
  it.stub.send("anna", invite);
  it.stub.send("anna", invite);
  await it.stub.heard("anna", "ringing");
  await anna.click("#decline");
  await it.stub.heard("anna", "leave");
  assert.equal(it.stub.said("anna", "ringing").length, 1);
});

test("an old page calls: its offer is the invitation, our answer the acceptance", async () => {
  const anna = await it.enter("anna");
  const old = await it.enter("old");
  await old.evaluate(async () => {
    const pc = globalThis.pc = new RTCPeerConnection();
    for (const t of (await navigator.mediaDevices.getUserMedia({ audio: true, video: true })).getTracks()) pc.addTrack(t);
    globalThis.found = [];
    pc.onicecandidate = (e) => e.candidate && globalThis.found.push(e.candidate.toJSON());
    await pc.setLocalDescription();
  });
  const offer = await old.evaluate(() => globalThis.pc.localDescription.toJSON());
  it.stub.send("anna", { type: "offer", offer, name: "old", call: "o1" });
  await it.stub.heard("anna", "ringing");
  await old.waitForFunction(() => globalThis.pc.iceGatheringState === "complete");
  // Candidates come while it rings: they wait.
  for (const candidate of await old.evaluate(() => globalThis.found)) it.stub.send("anna", { type: "candidate", candidate, name: "old", call: "o1" });
  it.stub.send("anna", { type: "candidate", candidate: { candidate: "candidate:rubbish", sdpMid: "0" }, name: "old", call: "o1" });
  assert.equal(await text(anna, "#incoming-text"), "Incoming video call");
  await anna.click("#answer");
  const { answer } = await it.stub.heard("anna", "answer");
  assert.equal(it.stub.said("anna", "accept").length, 0);
  await old.evaluate((a) => globalThis.pc.setRemoteDescription(a), answer);
  await it.stub.heard("anna", "candidate", (m) => m.candidate === null);
  for (const m of it.stub.said("anna", "candidate")) {
    for (const c of m.candidates ?? []) await old.evaluate((x) => globalThis.pc.addIceCandidate(x), c);
  }
  await state(anna, "connected");
  await flows(anna, ["audio", "video"]);
  // A second offer in the call is a renegotiation, and answered.
  it.stub.log.length = 0;
  const again = await old.evaluate(async () => {
    await globalThis.pc.setLocalDescription(await globalThis.pc.createOffer({ iceRestart: true }));
    return globalThis.pc.localDescription.toJSON();
  });
  it.stub.send("anna", { type: "offer", offer: again, name: "old", call: "o1" });
  await it.stub.heard("anna", "answer");
  assert.equal(await call(anna, "state"), "connected");
});

test("glare: ours loses, and the other's call is taken without a question", async () => {
  const [anna, bob] = await it.pair();
  // Both invite at the same moment: each invitation is on its way before the other arrives.
  const held = [];
  const take = it.stub.hooks;
  take.set("invite", (m, from) => (held.push([m, from]), true));
  await Promise.all([anna.click('li[data-name="bob"] .audio'), bob.click('li[data-name="anna"] .audio')]);
  await Promise.all([it.stub.heard("anna", "invite"), it.stub.heard("bob", "invite")]);
  take.delete("invite");
  const ours = held.find(([, from]) => from === "bob")[0];
  const theirs = held.find(([, from]) => from === "anna")[0];
  it.stub.calls.set(theirs.call, { id: theirs.call, from: "anna", to: "bob", state: "ringing" });
  it.stub.send("anna", { type: "ok", id: theirs.id, call: theirs.call });
  it.stub.send("bob", { type: "invite", name: "anna", call: theirs.call, media: theirs.media });
  it.stub.send("bob", { type: "error", message: "they are calling you", code: "glare", id: ours.id, call: theirs.call });
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
  assert.equal(await bob.locator("#incoming").isVisible(), false);
  await Promise.all([flows(anna), flows(bob)]);
  await bob.click("#hangup");
  await state(anna, "ended");
  assert.equal(it.stub.said("bob", "leave")[0].call, theirs.call);
});

test("two changes at once: the callee yields, both get what they wanted", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await bob.click("#answer");
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
  it.stub.log.length = 0;
  const held = [];
  it.stub.hooks.set("offer", (m, from) => {
    held.push([m, from]);
    if (held.length < 2) return true;
    it.stub.hooks.delete("offer");
    for (const [{ id, ...offer }, by] of held) it.stub.send(by === "anna" ? "bob" : "anna", { ...offer, name: by });
    return true;
  });
  await Promise.all([anna.click("#camera"), bob.click("#camera")]);
  await bob.waitForSelector("#call[data-picture]");
  assert.equal(await call(bob, "pc.signalingState"), "stable");
  assert.equal(await call(anna, "pc.signalingState"), "stable");
  await says(bob, "#note", "");
  await flows(anna);
});

test("the socket goes in a call: said at once, tried again, and the call is told lost", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await bob.click("#answer");
  await state(anna, "connected");
  it.stub.users.get("anna").terminate();
  await state(bob, "ended");
  assert.match(await text(bob, "#reason"), /anna is gone/);
  await state(anna, "ended");
  assert.match(await text(anna, "#reason"), /connection to the call server was lost/);
  await anna.click("#close");
  assert.equal(await text(anna, "#banner"), "");
  await anna.click('li[data-name="bob"] .audio');
  await bob.waitForSelector("#incoming[open]");
});

test("a resumed session keeps its calls", async () => {
  const [anna, bob] = await it.pair();
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await bob.click("#answer");
  await state(anna, "connected");
  it.stub.login = { resumed: true };
  const { calls } = it.stub;
  it.stub.calls = new Map(); // what this server forgets it cannot end
  it.stub.users.get("anna").terminate();
  await it.stub.heard("anna", "login", () => it.stub.said("anna", "login").length === 2);
  it.stub.calls = calls;
  await anna.waitForFunction(() => document.querySelector("#app").bridge.state === "online");
  assert.equal(await call(anna, "state"), "connected");
  await flows(anna);
});

test("the server restarts: it says so, and names the time to come back", async () => {
  const anna = await it.enter("anna");
  it.stub.send("anna", { type: "shutdown", message: "restart", reconnect: 0.6, resume: false });
  const socket = it.stub.users.get("anna");
  const at = Date.now();
  socket.close(1012);
  await says(anna, "#banner", "Trying again");
  await it.stub.heard("anna", "login", () => it.stub.said("anna", "login").length === 2);
  assert.ok(Date.now() - at >= 550, "not before the time");
  await says(anna, "#live", "online");
});

test("replaced by another connection: back at the login, and told why", async () => {
  const anna = await it.enter("anna");
  it.stub.users.get("anna").close(4001, "replaced");
  await says(anna, "#login-error", "You logged in somewhere else");
  assert.equal(it.stub.said("anna", "login").length, 1, "no reconnect");
});

test("a silent server is asked, and a dead one is left", async () => {
  it.stub.login = { ping: 0.2 };
  await it.enter("anna");
  await it.stub.heard("anna", "ping");
  await it.stub.heard("anna", "ping", () => it.stub.said("anna", "ping").length > 1);
});

test("bytes that are no SDP end the call, and only the call", async () => {
  const anna = await it.enter("anna");
  const { call: id } = await dial(anna, "jule");
  it.stub.send("anna", { type: "accept", name: "jule", call: id });
  await it.stub.heard("anna", "offer");
  it.stub.send("anna", { type: "answer", answer: { type: "answer", sdp: "Hello" }, name: "jule", call: id });
  await state(anna, "ended");
  assert.equal((await it.stub.heard("anna", "leave")).reason, "incompatible");
  await anna.click("#close");
  it.stub.send("anna", { type: "offer", offer: "Hello", name: "old", call: "o2" });
  await anna.waitForSelector("#incoming[open]");
  await anna.click("#answer");
  await it.stub.heard("anna", "leave", (m) => m.call === "o2" && m.reason === "incompatible");
});

test("stun: addresses with ?transport= do not stop a call", async () => {
  it.stub.login = { iceServers: [{ urls: ["stun:127.0.0.1:9?transport=udp", "turn:127.0.0.1:9?transport=udp"], username: "u", credential: "c" }] };
  const anna = await it.enter("anna");
  const { call: id } = await dial(anna, "jule");
  it.stub.send("anna", { type: "accept", name: "jule", call: id });
  await it.stub.heard("anna", "offer");
  assert.deepEqual(await call(anna, "pc.getConfiguration().iceServers[0].urls"), ["stun:127.0.0.1:9", "turn:127.0.0.1:9?transport=udp"]);
  assert.equal(await call(anna, "pc.getConfiguration().bundlePolicy"), "balanced");
});

test("hostile names are text", async () => {
  const anna = await it.enter("anna");
  const name = '<img src=x onerror=alert(1)>@"\'&';
  it.stub.send("anna", { type: "presence", name, show: "constructor", status: "<b>x", media: "no" });
  it.stub.send("anna", { type: "presence", name: 7, show: {}, media: null });
  await anna.waitForFunction((n) => document.querySelector("#contacts li")?.dataset.name === n, name);
  assert.equal(await anna.locator("#contacts img").count(), 0);
  it.stub.send("anna", { type: "invite", name, title: "$& {name}", call: "h1", media: ["audio", "data"] });
  await says(anna, "#caller", "$& {name}");
});
