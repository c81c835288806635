// One stub and one Chromium for a file of tests, and fresh pages for each test.
import { after, afterEach, before } from "node:test";
import assert from "node:assert/strict";
import { Stub } from "./stub.js";
import { enter, launch, open } from "./browser.js";

/** Registers the hooks; what it returns is filled when the first test runs. */
export function stage(flags) {
  const it = { stub: null, browser: null, pages: [] };
  before(async () => {
    it.stub = await Stub.start();
    it.browser = await launch(flags);
  });
  after(async () => {
    await it.browser?.close();
    await it.stub?.stop();
  });
  // No test may leave an exception or a refused resource behind.
  afterEach(async () => {
    const troubles = it.pages.flatMap((page) => page.troubles);
    await Promise.all(it.pages.map((page) => page.context().close()));
    it.pages.length = 0;
    it.stub.reset();
    assert.deepEqual(troubles, []);
  });
  it.open = async (options, path = "") => {
    const page = await open(it.browser, it.stub.url + path, options);
    it.pages.push(page);
    return page;
  };
  it.enter = async (name, options) => {
    const page = await enter(it.browser, it.stub.url, name, options);
    it.pages.push(page);
    return page;
  };
  /** Two pages that see each other. */
  it.pair = async (options) => {
    const anna = await it.enter("anna", options);
    const bob = await it.enter("bob", options);
    await anna.waitForSelector('li[data-name="bob"]');
    return [anna, bob];
  };
  return it;
}
