// For everybody: by keyboard alone, by screen reader, in the dark, on a small screen, and
// when a device is refused or missing.
import test from "node:test";
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { stage } from "./stage.js";
import { REFUSING, flows, launch, login, open, says, state, text } from "./browser.js";

const it = stage();
const focus = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);

async function check(page, where) {
  // Colours are judged when nothing moves any more.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished)));
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  assert.deepEqual(violations.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => n.target).join(" ")}: ${v.nodes[0].failureSummary}`), []);
  const { wide, small } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    small: [...document.querySelectorAll("button, input, select, textarea")].filter((e) => e.checkVisibility())
      .map((e) => [e.id || e.className, e.getBoundingClientRect()]).filter(([, r]) => r.width < 44 || r.height < 44).map(([name]) => name),
  }));
  assert.equal(wide, 0, `${where}: scrolls sideways`);
  assert.deepEqual(small, [], `${where}: targets under 44 px`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`axe finds nothing in any state: ${colorScheme}, ${width} px`, async () => {
      const options = { colorScheme, viewport: { width, height: 720 } };
      const anna = await it.open(options);
      await check(anna, "login");
      await anna.click("#login");
      await check(anna, "login refused");
      await login(anna, "anna");
      await check(anna, "alone");
      const bob = await it.enter("bob", options);
      it.stub.send("anna", { type: "presence", name: "juliet@capulet.example.org", title: "Juliet Capulet of Verona", show: "away", status: "on the balcony", media: ["audio"] });
      it.stub.send("anna", { type: "presence", name: "romeo@montague.example.org", show: "dnd", media: ["audio", "video"] });
      it.stub.send("anna", { type: "presence", name: "nurse@capulet.example.org", show: "unavailable", media: [] });
      it.stub.send("anna", { type: "invite", name: "tybalt@capulet.example.org", call: "t1", media: ["audio"] });
      await anna.waitForSelector("#incoming[open]");
      await check(anna, "incoming audio");
      it.stub.send("anna", { type: "leave", name: "tybalt@capulet.example.org", call: "t1", reason: "cancel" });
      await anna.waitForSelector("#missed li");
      await check(anna, "people and a missed call");
      await anna.click('li[data-name="bob"] .video');
      await state(anna, "ringing");
      await check(anna, "ringing");
      await check(bob, "incoming video");
      await bob.click("#answer");
      await anna.waitForSelector("#call[data-picture]");
      await check(anna, "connected with picture");
      await bob.click("#camera");
      await bob.click("#mute");
      await anna.waitForSelector("#remote-muted:not([hidden])");
      await check(anna, "connected, they are muted");
      await check(bob, "connected, we are muted");
      await bob.click("#hangup");
      await state(anna, "ended");
      await check(anna, "ended");
    });
  }
}

// The two that differ most: small and light, wide and dark.
for (const options of [{ colorScheme: "light", viewport: { width: 320, height: 720 } }, { colorScheme: "dark", viewport: { width: 1280, height: 720 } }]) {
  test(`axe finds nothing in contacts, conversations and visits: ${options.colorScheme}, ${options.viewport.width} px`, async () => {
    it.stub.login = { caps: ["invite", "roster", "messages"] };
    it.stub.rosters.set("anna", [
      { name: "juliet@capulet.example.org", title: "Juliet Capulet of Verona", subscription: "both", show: "away", status: "on the balcony", media: ["audio", "video"] },
      { name: "tybalt@capulet.example.org", subscription: "none", ask: true, show: "unavailable", media: [] },
    ]);
    const anna = await it.enter("anna", options);
    await anna.waitForSelector("#contacts li");
    it.stub.send("anna", { type: "subscribe", name: "paris@example.org", title: "Paris", message: "We met at the ball" });
    it.stub.send("anna", { type: "message", name: "juliet@capulet.example.org", body: `O Romeo ${"Romeo".repeat(30)}`, mid: "m1" });
    await anna.waitForSelector("#requests li");
    await check(anna, "contacts, a request, a new message");
    await anna.click('#contacts li[data-name^="juliet"] .names');
    await anna.fill("#body", "Hello");
    await anna.press("#body", "Enter");
    await anna.waitForSelector('#talk [data-delivery="failed"]');
    await check(anna, "a conversation");
    await anna.click("#person-remove");
    await check(anna, "about to remove");
    const visitor = await it.open(options, "call/door");
    await check(visitor, "a visit");
    it.stub.hooks.set("invite", (m, from) => { it.stub.send(from, { type: "error", code: "unavailable", message: "no", id: m.id }); return true; });
    await visitor.click("#visit-calls button");
    await state(visitor, "ended");
    await visitor.click("#close");
    await visitor.waitForSelector("#visit-stop:not([hidden])");
    await check(visitor, "a visitor who waits");
  });
}

test("a whole call by keyboard alone, and the focus is never lost", async () => {
  const anna = await it.open();
  const bob = await it.enter("bob");
  assert.equal(await focus(anna), "name");
  await anna.keyboard.type("anna");
  await anna.keyboard.press("Enter");
  await anna.waitForSelector("#home-view:not([hidden])");
  assert.equal(await focus(anna), "to");
  await anna.keyboard.type("bob");
  await anna.keyboard.press("Enter");
  await state(anna, "ringing");
  assert.equal(await focus(anna), "hangup");
  await bob.waitForSelector("#incoming[open]");
  assert.equal(await focus(bob), "answer");
  await bob.keyboard.press("Enter");
  await Promise.all([state(anna, "connected"), state(bob, "connected")]);
  assert.equal(await focus(anna), "hangup");
  assert.notEqual(await focus(bob), "BODY");
  await anna.keyboard.press("m");
  await anna.waitForSelector('#mute[aria-pressed="true"]');
  assert.equal(await text(anna, "#live"), "Microphone off.");
  await anna.keyboard.press("m");
  await anna.waitForSelector('#mute[aria-pressed="false"]');
  await anna.keyboard.press("Escape");
  assert.equal(await anna.getAttribute("#app", "data-state"), "connected", "Esc does not end a running call");
  await anna.keyboard.press("Shift+Tab");
  assert.equal(await focus(anna), "camera");
  await anna.keyboard.press("v");
  await bob.waitForSelector("#call[data-picture]");
  await anna.keyboard.press("Tab");
  await anna.keyboard.press("Enter");
  await state(anna, "ended");
  assert.equal(await focus(anna), "again");
  assert.equal(await focus(bob), "again");
  await anna.keyboard.press("Escape");
  assert.equal(await focus(anna), "to");
  // Esc takes back a call that nobody has answered, and declines one that comes in.
  await bob.keyboard.press("Escape");
  await anna.keyboard.press("Enter");
  await bob.waitForSelector("#incoming[open]");
  await bob.keyboard.press("Escape");
  await state(anna, "ended");
  assert.equal(await text(anna, "#reason"), "bob declined the call.");
  assert.notEqual(await focus(bob), "BODY");
  await anna.keyboard.press("Enter");
  await bob.waitForSelector("#incoming[open]");
  await anna.keyboard.press("Escape");
  await state(anna, "ended");
  assert.equal(await text(anna, "#reason"), "You cancelled the call.");
});

test("letters typed into the address are letters", async () => {
  const anna = await it.enter("anna");
  await anna.keyboard.type("vmv");
  assert.equal(await anna.inputValue("#to"), "vmv");
});

test("what a screen reader hears of a call", async () => {
  const [anna, bob] = await it.pair();
  await anna.evaluate(() => {
    globalThis.heard = [];
    new MutationObserver(() => globalThis.heard.push(document.querySelector("#live").textContent))
      .observe(document.querySelector("#live"), { childList: true, characterData: true, subtree: true });
  });
  await anna.click('li[data-name="bob"] .audio');
  await state(bob, "incoming");
  await state(anna, "ringing");
  await bob.click("#answer");
  await state(anna, "connected");
  await bob.click("#hangup");
  await state(anna, "ended");
  await says(anna, "#live", "hung up");
  assert.deepEqual(await anna.evaluate(() => globalThis.heard), [
    "Calling bob.", "It is ringing at bob.", "Call taken. Connecting to bob.", "Connected to bob.", "bob hung up.",
  ]);
});

test("presence that changes under the focus does not take it away", async () => {
  const anna = await it.enter("anna");
  for (const name of ["a@x", "b@x"]) it.stub.send("anna", { type: "presence", name, show: "available", media: ["audio"] });
  await anna.focus('li[data-name="b@x"] .audio');
  it.stub.send("anna", { type: "presence", name: "a@x", show: "unavailable", media: [] });
  await anna.waitForFunction(() => document.querySelector("#contacts").firstChild.dataset.name === "b@x");
  assert.equal(await anna.evaluate(() => document.activeElement.closest("li")?.dataset.name), "b@x");
});

test("refused devices: nobody is rung, and the text says what to do", async () => {
  const browser = await launch(REFUSING);
  try {
    const anna = await open(browser, it.stub.url);
    await login(anna, "anna");
    const bob = await it.enter("bob");
    await anna.click('li[data-name="bob"] .video');
    await state(anna, "ended");
    assert.match(await text(anna, "#reason"), /may not use your microphone or camera/);
    assert.match(await text(anna, "#next"), /address bar/);
    assert.equal(it.stub.said("anna", "invite").length, 0);
    assert.deepEqual(await anna.locator("#call button:visible").evaluateAll((all) => all.map((b) => b.id)), ["again", "again-audio", "close"]);
    await anna.click("#close");
    // Called, the ringing goes on, so that another answer is possible.
    await bob.click('li[data-name="anna"] .video');
    await anna.waitForSelector("#incoming[open]");
    await anna.click("#answer");
    await says(anna, "#incoming-error", "may not use your microphone");
    assert.equal(await focus(anna), "answer-audio");
    assert.equal(await bob.getAttribute("#app", "data-state"), "ringing");
    await anna.click("#decline");
    await state(bob, "ended");
    assert.deepEqual(anna.troubles, []);
  } finally {
    await browser.close();
  }
});

test("no camera: told so, and the call can be made without", async () => {
  const [anna, bob] = await it.pair();
  await anna.evaluate(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wish) => (wish.video ? Promise.reject(new DOMException("none", "NotFoundError")) : ask(wish));
  });
  await anna.click('li[data-name="bob"] .video');
  await state(anna, "ended");
  assert.equal(await text(anna, "#reason"), "No microphone or camera was found.");
  await anna.click("#again-audio");
  await state(bob, "incoming");
  await bob.click("#answer");
  await state(anna, "connected");
  await flows(anna);
});

test("a device in use by another program", async () => {
  const [anna] = await it.pair();
  await anna.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("busy", "NotReadableError"));
  });
  await anna.click('li[data-name="bob"] .audio');
  await state(anna, "ended");
  assert.match(await text(anna, "#reason"), /used by another program/);
});

test("cancelled while the browser still asks: devices that come late are released", async () => {
  const [anna] = await it.pair();
  await anna.evaluate(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => {
      globalThis.allow = async () => { globalThis.late = await ask({ audio: true }); resolve(globalThis.late); };
    });
  });
  await anna.click('li[data-name="bob"] .audio');
  await state(anna, "asking");
  await anna.click("#hangup");
  await state(anna, "ended");
  await anna.evaluate(() => globalThis.allow());
  await anna.waitForFunction(() => globalThis.late.getTracks().every((t) => t.readyState === "ended"));
  assert.equal(it.stub.said("anna", "invite").length + it.stub.said("anna", "leave").length, 0);
});

test("the page stays small, and asks nobody else", async () => {
  const page = await it.open();
  const sizes = await page.evaluate(async () => {
    const urls = [location.href, ...performance.getEntriesByType("resource").map((e) => e.name)];
    return Promise.all([...new Set(urls)].map(async (url) => {
      const body = (await fetch(url)).body.pipeThrough(new CompressionStream("gzip"));
      return { url, size: (await new Response(body).arrayBuffer()).byteLength };
    }));
  });
  assert.ok(sizes.length >= 9, "html, css, icon and modules");
  assert.deepEqual(sizes.filter((s) => !s.url.startsWith(it.stub.url)), []);
  const all = sizes.reduce((n, s) => n + s.size, 0);
  assert.ok(all <= 60 * 1024, `${all} bytes, compressed as the server sends them`);
});
