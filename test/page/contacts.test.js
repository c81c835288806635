// The people list where the server keeps one, messages, and how one is shown.
import test from "node:test";
import assert from "node:assert/strict";
import { stage } from "./stage.js";
import { login, says, text } from "./browser.js";

const it = stage();
const ROSTER = [
  { name: "juliet@example.org", title: "Juliet", subscription: "both", show: "away", status: "on the balcony", media: ["audio"] },
  { name: "romeo@example.org", title: "Romeo", subscription: "both", show: "dnd", status: "on a call", media: ["audio", "video"] },
  { name: "nurse@example.org", subscription: "to", show: "unavailable", media: [] },
  { name: "tybalt@example.org", subscription: "none", ask: true, show: "unavailable", media: [] },
];

/** A page whose server has contact lists and messages. */
async function enter(items = ROSTER) {
  it.stub.login = { caps: ["invite", "roster", "messages"] };
  it.stub.rosters.set("anna", items);
  const anna = await it.enter("anna");
  if (items.length) await anna.waitForSelector("#contacts li");
  return anna;
}
const person = (page, name) => page.locator(`#contacts li[data-name="${name}"]`);
const open = (page, name) => person(page, name).locator(".names").click();

test("the list says who is there, what he does, and whether he can be called", async () => {
  const anna = await enter();
  assert.deepEqual((await it.stub.heard("anna", "login")).caps, ["invite", "roster", "messages"]);
  assert.match(await person(anna, "juliet@example.org").textContent(), /Juliet.*Away · on the balcony/);
  assert.match(await person(anna, "romeo@example.org").textContent(), /On a call$|On a call0 new$/);
  assert.match(await person(anna, "tybalt@example.org").textContent(), /Asked, no answer yet/);
  assert.equal(await person(anna, "juliet@example.org").locator(".video").isVisible(), false);
  assert.equal(await person(anna, "nurse@example.org").locator(".audio").isVisible(), false);
  it.stub.send("anna", { type: "roster", push: true, items: [{ name: "nurse@example.org", subscription: "remove" }] });
  it.stub.send("anna", { type: "presence", name: "romeo@example.org", show: "available", media: ["audio"] });
  await person(anna, "nurse@example.org").waitFor({ state: "detached" });
  assert.match(await person(anna, "romeo@example.org").textContent(), /Romeo.*Online/, "the title is kept");
  // A list that is sent anew is all there is.
  it.stub.send("anna", { type: "roster", items: [ROSTER[0]] });
  await anna.waitForFunction(() => document.querySelectorAll("#contacts li").length === 1);
});

test("a long list comes in parts: nobody goes before the last one", async () => {
  const anna = await enter();
  await anna.evaluate(() => {
    window.gone = [];
    new MutationObserver((changes) => changes.forEach((c) => c.removedNodes.forEach((n) => n.dataset && window.gone.push(n.dataset.name))))
      .observe(document.getElementById("contacts"), { childList: true, subtree: true });
  });
  it.stub.send("anna", { type: "roster", items: [ROSTER[0]], more: true });
  it.stub.send("anna", { type: "roster", push: true, items: [ROSTER[1]], more: true });
  it.stub.send("anna", { type: "roster", push: true, items: [{ ...ROSTER[0], title: "Giulietta" }] }); // a change meanwhile
  it.stub.send("anna", { type: "roster", push: true, items: [ROSTER[2]], more: false });
  await person(anna, "tybalt@example.org").waitFor({ state: "detached" });
  assert.match(await person(anna, "juliet@example.org").textContent(), /Giulietta/);
  for (const { name } of ROSTER.slice(0, 3)) assert.equal(await person(anna, name).count(), 1, name);
  const stayed = await anna.evaluate(() => window.gone.filter((name) => !document.querySelector(`#contacts li[data-name="${name}"]`)));
  assert.deepEqual(stayed, ["tybalt@example.org"]);
});

test("somebody asks: allowed is wanted, too; refused is gone", async () => {
  const anna = await enter();
  it.stub.send("anna", { type: "subscribe", name: "paris@example.org", title: "Paris", message: "We met at the ball" });
  it.stub.send("anna", { type: "subscribe", name: "rude@example.org" });
  await says(anna, "#live", "rude@example.org asks to see when you are online.");
  assert.match(await text(anna, '#requests li[data-name="paris@example.org"]'), /Paris.*paris@example.org · We met at the ball/);
  await anna.click('#requests li[data-name="paris@example.org"] .allow');
  await it.stub.heard("anna", "subscribed", (m) => m.name === "paris@example.org");
  await it.stub.heard("anna", "subscribe", (m) => m.name === "paris@example.org");
  await anna.click('#requests li[data-name="rude@example.org"] .refuse');
  await it.stub.heard("anna", "unsubscribed", (m) => m.name === "rude@example.org");
  await anna.waitForSelector("#requests-part", { state: "hidden" });
  // Answered on another device, or taken back: nothing is left to answer here.
  it.stub.send("anna", { type: "subscribe", name: "paris@example.org" });
  it.stub.send("anna", { type: "subscribe", name: "rude@example.org" });
  await anna.waitForSelector("#requests li:nth-child(2)");
  it.stub.send("anna", { type: "roster", push: true, items: [{ name: "paris@example.org", subscription: "from", show: "unavailable", media: [] }] });
  it.stub.send("anna", { type: "unsubscribe", name: "rude@example.org" });
  await anna.waitForSelector("#requests-part", { state: "hidden" });
});

test("adding, blocking, removing; what the server refuses is said", async () => {
  const anna = await enter();
  await anna.click("#add");
  assert.match(await text(anna, "#dial-error"), /type a name/);
  await anna.fill("#to", "xmpp:paris@example.org?roster");
  await anna.click("#add");
  assert.equal((await it.stub.heard("anna", "subscribe")).name, "paris@example.org");
  await says(anna, "#live", "Asked paris@example.org");
  it.stub.hooks.set("subscribe", (m, from) => { it.stub.send(from, { type: "error", code: "rate-limited", message: "no", id: m.id }); return true; });
  await anna.fill("#to", "other@example.org");
  await anna.click("#add");
  await says(anna, "#dial-error", "Wait a minute");
  await open(anna, "juliet@example.org");
  await anna.click("#person-block");
  assert.equal((await it.stub.heard("anna", "block")).name, "juliet@example.org");
  it.stub.send("anna", { type: "roster", push: true, items: [{ ...ROSTER[0], blocked: true }] });
  await says(anna, "#person-text", "Blocked");
  assert.equal(await anna.isVisible("#body"), false);
  assert.equal(await text(anna, "#person-block"), "Unblock");
  await anna.click("#person-remove");
  await anna.click("#remove-yes");
  assert.equal((await it.stub.heard("anna", "roster", (m) => m.remove)).remove, "juliet@example.org");
  await anna.waitForSelector("#home-view:not([hidden])");
});

test("a conversation: sent, received, returned, and nothing of it is markup", async () => {
  const anna = await enter();
  it.stub.send("anna", { type: "message", name: "juliet@example.org", body: "<b>Hello</b> https://example.org/x?y", mid: "m1" });
  it.stub.send("anna", { type: "message", name: "juliet@example.org", body: "again", mid: "m1" });
  await says(anna, "#live", "Message from Juliet.");
  assert.match(await person(anna, "juliet@example.org").textContent(), /1 new/);
  await open(anna, "juliet@example.org");
  assert.equal(await anna.evaluate(() => document.activeElement.id), "body");
  assert.equal(await text(anna, "#talk .theirs .body"), "<b>Hello</b> https://example.org/x?y");
  assert.equal(await anna.getAttribute("#talk a", "href"), "https://example.org/x?y");
  const held = [];
  it.stub.hooks.set("message", (m) => held.push(m));
  await anna.keyboard.type("one");
  await anna.keyboard.press("Shift+Enter");
  await anna.keyboard.type("two");
  await anna.keyboard.press("Enter");
  await anna.waitForSelector('#talk .mine[data-delivery="sending"]');
  const { id, body, name } = await it.stub.heard("anna", "message");
  assert.deepEqual([name, body], ["juliet@example.org", "one\ntwo"]);
  it.stub.send("anna", { type: "ok", id });
  await anna.waitForSelector('#talk .mine[data-delivery="sent"]');
  it.stub.send("anna", { type: "receipt", name, id });
  await anna.waitForSelector('#talk .mine[data-delivery="received"]');
  await anna.keyboard.type("three");
  await anna.click("#send");
  const last = await it.stub.heard("anna", "message", (m) => m.body === "three");
  it.stub.send("anna", { type: "ok", id: last.id });
  it.stub.send("anna", { type: "error", code: "unavailable", message: "no", name, id: last.id });
  await says(anna, '#talk [data-delivery="failed"]', "Not delivered: Juliet is not online");
  // What another tab of hers wrote belongs to the conversation, too.
  it.stub.send("anna", { type: "message", name: "juliet@example.org", body: "from the other tab", sent: true, mid: "m2" });
  await says(anna, "#talk .mine:last-child", "from the other tab");
  await anna.keyboard.type("a draft");
  await anna.keyboard.press("Escape");
  assert.equal(await anna.evaluate(() => document.activeElement.id), "to");
  await open(anna, "juliet@example.org");
  assert.equal(await anna.inputValue("#body"), "a draft");
  assert.equal(await anna.locator("#talk > *").count(), 4);
});

test("who writes without being a contact is in the list, and can be added", async () => {
  const anna = await enter([]);
  it.stub.send("anna", { type: "message", name: "paris@example.org", title: "Paris", body: "Hi", mid: "m1", at: 1_763_654_400 });
  await anna.waitForSelector("#contacts li");
  assert.match(await text(anna, "#contacts li"), /Paris.*Not in your contacts/);
  await open(anna, "paris@example.org");
  await anna.click("#person-ask");
  assert.equal((await it.stub.heard("anna", "subscribe")).name, "paris@example.org");
});

test("the connection goes while a message is on its way: it is not said to be sent", async () => {
  const anna = await enter();
  await open(anna, "juliet@example.org");
  it.stub.hooks.set("message", () => true);
  await anna.keyboard.type("Hello");
  await anna.keyboard.press("Enter");
  await it.stub.heard("anna", "message");
  it.stub.users.get("anna").terminate();
  await says(anna, '#talk [data-delivery="failed"]', "Not delivered: You are not connected");
});

test("how one is shown: said once, again after a reconnect, and away while nobody looks", async () => {
  const anna = await it.open();
  await anna.clock.install();
  await login(anna, "anna");
  assert.equal(it.stub.said("anna", "presence").length, 0, "available is what a login says");
  await anna.fill("#status", "Lunch");
  await anna.press("#status", "Enter");
  assert.deepEqual(await it.stub.heard("anna", "presence"), { type: "presence", show: "available", status: "Lunch" });
  const hide = (state) => anna.evaluate((s) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => s });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
  await hide("hidden");
  await anna.clock.fastForward(59_000);
  await hide("visible");
  await hide("hidden");
  await anna.clock.fastForward(61_000);
  await it.stub.heard("anna", "presence", (m) => m.show === "away" && m.status === "Lunch");
  await hide("visible");
  await it.stub.heard("anna", "presence", () => it.stub.said("anna", "presence").length === 3);
  assert.equal(it.stub.said("anna", "presence").at(-1).show, "available");
  // Who does not want to be disturbed is not made to look otherwise.
  await anna.selectOption("#show", "dnd");
  await it.stub.heard("anna", "presence", (m) => m.show === "dnd");
  await hide("hidden");
  await anna.clock.fastForward(61_000);
  it.stub.log.length = 0;
  it.stub.users.get("anna").close(1012);
  await says(anna, "#banner", "Trying again");
  await anna.clock.fastForward(5_000);
  assert.equal((await it.stub.heard("anna", "presence")).show, "dnd");
});
