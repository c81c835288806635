// <call-button>, on a page of another site.
import test from "node:test";
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { stage } from "./stage.js";
import { state } from "./browser.js";

const it = stage();
const VISITOR = "door/visitor";

/** Another site's page with a button on it. */
async function site(attributes) {
  const page = await it.open();
  await page.goto(`${it.stub.url.replace("127.0.0.1", "localhost")}elsewhere`);
  await page.evaluate(async ([url, more]) => {
    await import(`${url}call-button.js`);
    document.documentElement.lang = "en";
    document.body.innerHTML = `<main><h1>Shop</h1><call-button ${more}>Call us</call-button></main>`;
    globalThis.states = [];
    document.addEventListener("callstate", (e) => globalThis.states.push(e.state));
  }, [it.stub.url, attributes]);
  return page;
}
const part = (page, name) => page.locator(`call-button >> [part="${name}"]`);
const status = (page, wanted) => page.waitForFunction((w) => document.querySelector("call-button").shadowRoot.querySelector('[part="status"]').textContent.includes(w), wanted);

async function check(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes[0].failureSummary}`), []);
}

test("a visitor calls, is told the truth, waits, and is called back", async () => {
  const page = await site('page="door"');
  assert.equal(it.stub.log.length, 0);
  await check(page);
  it.stub.hooks.set("invite", () => true);
  await part(page, "button").click();
  const { call, name } = await it.stub.heard(VISITOR, "invite");
  assert.equal(name, "door");
  await status(page, "Calling…");
  it.stub.send(VISITOR, { type: "ringing", name: "door", call });
  await status(page, "Ringing…");
  assert.equal(await page.evaluate(() => document.querySelector("call-button").shadowRoot.activeElement.getAttribute("part")), "hangup");
  it.stub.send(VISITOR, { type: "leave", name: "door", call, reason: "timeout" });
  await status(page, "Nobody answered. Keep this page open, and you can be called back.");
  await check(page);
  it.stub.send(VISITOR, { type: "invite", name: "bob", title: "Bob", call: "b1", media: ["audio"] });
  await status(page, "Bob is calling you.");
  await part(page, "answer").click();
  await it.stub.heard(VISITOR, "accept");
  it.stub.send(VISITOR, { type: "leave", name: "bob", call: "b1" });
  await status(page, "Bob");
  assert.deepEqual(await page.evaluate(() => globalThis.states.filter((s) => s !== "asking")), ["calling", "ringing", "ended", "incoming", "accepted", "ended"]);
});

test("a call with media to a name, and what goes wrong", async () => {
  const page = await site('to="anna" media="video"');
  await part(page, "button").click();
  await status(page, "There is nobody called anna.");
  const anna = await it.enter("anna");
  await part(page, "button").click();
  await state(anna, "incoming");
  await anna.click("#answer");
  await part(page, "video").waitFor();
  await part(page, "mute").click();
  await anna.waitForSelector("#remote-muted:not([hidden])");
  await page.evaluate(() => document.querySelector("call-button").remove());
  await state(anna, "ended");
});
