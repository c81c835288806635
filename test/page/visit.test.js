// Those without a name here: visitors of a page, guests with a link; and people with an account elsewhere.
import test from "node:test";
import assert from "node:assert/strict";
import { stage } from "./stage.js";
import { says, state, text } from "./browser.js";

const it = stage();
const VISITOR = "door/visitor";

/** The token of a guest link, as far as a page reads it. */
const token = (...call) => `e30.${Buffer.from(JSON.stringify({ jb: { call } })).toString("base64url")}.c2ln`;

function refuse(code, more) {
  it.stub.hooks.set("login", (m, _, socket) => {
    socket.send(JSON.stringify({ type: "login", success: false, code, message: "no", id: m.id, ...more }));
    return true;
  });
}

test("a visitor: one button, the truth while it rings, and a call back", async () => {
  const page = await it.open({}, "call/door");
  assert.equal(await text(page, "#visit-title"), "Front door");
  assert.equal(await page.locator("#visit-view button:visible").count(), 1);
  assert.equal(it.stub.log.length, 0, "nobody hears of a visitor before the click");
  it.stub.hooks.set("invite", () => true);
  await page.fill("#nick", "Anna");
  await page.press("#nick", "Enter");
  const { name: called, call } = await it.stub.heard(VISITOR, "invite");
  const { name, page: visited, caps } = it.stub.log.find((l) => l.message.type === "login").message;
  assert.deepEqual([name, visited, caps], ["Anna", "door", ["invite"]]);
  assert.equal(called, "door");
  assert.equal(await text(page, "#who"), "Front door");
  assert.equal(await text(page, "#state"), "Calling…");
  it.stub.send(VISITOR, { type: "ringing", name: "door", call });
  await says(page, "#state", "Ringing");
  it.stub.send(VISITOR, { type: "leave", name: "door", call, reason: "timeout" });
  await state(page, "ended");
  assert.equal(await text(page, "#next"), "Keep this page open, and you can be called back.");
  await page.click("#close");
  assert.match(await text(page, "#visit-state"), /Nobody has answered/);
  it.stub.send(VISITOR, { type: "invite", name: "bob", title: "Bob", call: "b1", media: ["audio"] });
  await page.waitForSelector("#incoming[open]");
  await page.click("#answer");
  await it.stub.heard(VISITOR, "accept");
  it.stub.send(VISITOR, { type: "leave", name: "bob", call: "b1", reason: "gone" });
  await state(page, "ended");
  await page.click("#close");
  await page.click("#visit-stop");
  await page.waitForSelector("#visit-stop", { state: "hidden" });
  assert.equal(it.stub.users.has(VISITOR), false);
});

test("a visitor who gives up, and one who finds nobody to call", async () => {
  const page = await it.open({}, "?page=door");
  it.stub.hooks.set("invite", () => true);
  await page.click("#visit-calls button");
  await it.stub.heard(VISITOR, "invite");
  assert.equal(await text(page, "#visit-title"), "Front door", "as the server says");
  await page.click("#hangup");
  await page.click("#close");
  await page.waitForSelector("#visit-stop", { state: "hidden" });
  refuse("bad-name");
  await page.click("#visit-calls button");
  await says(page, "#visit-error", "There is nobody to call here.");
});

test("a guest's link logs in by itself, leaves the address, and can be loaded again", async () => {
  const page = await it.open({}, `#token=${token("bob")}`);
  const { token: said, name } = await it.stub.heard(undefined, "login"); // of a name that it does not say
  assert.equal(said, token("bob"));
  assert.equal(name, undefined);
  await says(page, "#visit-state", "You can call now.");
  assert.equal(new URL(page.url()).hash, "");
  assert.deepEqual(await page.locator("#visit-view button:visible").allTextContents(), ["Call bob"]);
  const bob = await it.enter("bob");
  await page.click("#visit-calls button");
  await state(bob, "incoming");
  await bob.click("#answer");
  await state(page, "connected");
  await bob.click("#hangup");
  await state(page, "ended");
  await page.click("#close");
  assert.equal(await text(page, "#visit-state"), "Thank you for your call.");
  it.stub.log.length = 0;
  await page.reload();
  await says(page, "#visit-state", "You can call now.");
});

test("links that are no good say so", async () => {
  for (const [code, want] of [["auth-failed", "has not made"], ["token-expired", "has run out"], ["forbidden", "used already"]]) {
    refuse(code);
    const page = await it.open({}, "#token=rubbish");
    await says(page, "#visit-error", want);
    assert.equal(await page.locator("#visit-calls button").count(), 0);
  }
});

test("an XMPP account: asked for its password at once, and told plainly what is wrong", async () => {
  const page = await it.open();
  await page.fill("#name", "alice@example.org");
  await page.click("#login");
  assert.match(await text(page, "#login-error"), /password of this account/);
  await page.fill("#password", "secret");
  const table = [
    ["auth-failed", {}, "Address and password do not fit."], ["forbidden", {}, "Accounts of this domain cannot log in here."],
    ["upstream", {}, "not your password's fault"], ["too-many-attempts", { retry: 40 }, "Try again in 40 seconds."],
    ["too-many-attempts", { retry: 1000 }, "Try again in 17 minutes."], ["auth-required", { methods: ["none"] }, "takes no XMPP accounts"],
    ["bad-name", { methods: ["none"] }, "takes no XMPP accounts"],
  ];
  for (const [code, more, want] of table) {
    refuse(code, { methods: ["password", "xmpp"], ...more });
    await page.click("#login");
    await says(page, "#login-error", want);
  }
  it.stub.hooks.clear();
  it.stub.login = { jid: "alice@example.org/jinglebridge-1" };
  await page.click("#login");
  await page.waitForSelector("#home-view:not([hidden])");
  assert.equal(it.stub.said("alice@example.org", "login").at(-1).password, "secret");
  assert.equal(await text(page, "#me"), "alice@example.org");
  assert.equal(await page.locator("#jid").textContent(), "alice@example.org"); // which is what is copied
  assert.equal(await page.locator("#jid").isVisible(), false); // it would say so twice
});
