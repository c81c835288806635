// The state table by itself: every word the page may say.
import test from "node:test";
import assert from "node:assert/strict";
import { DELIVERY, ENDED, ERRORS, LOGINS, STATES, clock, fill, patience, refusal, trouble, why } from "../../web/page/states.js";

const REASONS = ["hangup", "decline", "busy", "cancel", "timeout", "elsewhere", "gone", "failed", "incompatible", "media",
  "unavailable", "forbidden", "shutdown", "error"];
const CALL_STATES = ["asking", "calling", "ringing", "incoming", "accepted", "connecting", "connected", "reconnecting", "ended"];

test("every state of a call has a text, and a way out", () => {
  assert.deepEqual(Object.keys(STATES).sort(), [...CALL_STATES].sort());
  for (const [name, { text, buttons }] of Object.entries(STATES)) {
    assert.match(text, /^[A-Z]/, name);
    assert.ok(["hangup", "decline", "close"].some((b) => buttons.includes(b)), `${name} has no way out`);
  }
});

test("only ringing sounds like ringing", () => {
  const sounding = Object.entries(STATES).filter(([, s]) => s.tone === "ringback").map(([name]) => name);
  assert.deepEqual(sounding, ["ringing"]);
});

test("every reason of the protocol is told in plain words, from both sides", () => {
  assert.deepEqual(Object.keys(ENDED).sort(), [...REASONS].sort());
  for (const reason of REASONS) {
    for (const remote of [true, false]) {
      const { text, next, tone } = why({ reason, remote }, "Juliet");
      assert.match(text, /^[A-Z].*\.$/, reason);
      assert.doesNotMatch(`${text} ${next}`, /[{}]|undefined|error code|ICE|SDP|TURN/, reason);
      assert.ok(["busy", "ended"].includes(tone), reason);
    }
  }
});

test("a code that is known explains more than its reason", () => {
  assert.match(why({ reason: "unavailable", remote: true, code: "not-found" }, "Jule").text, /nobody called Jule/);
  assert.match(why({ reason: "media", remote: false, code: "denied" }, "Jule").text, /may not use your microphone/);
  assert.match(why({ reason: "timeout", remote: true, code: "timeout" }, "Jule").text, /^Nobody answered/);
  assert.match(why({ reason: "new-reason", remote: true }, "Jule").text, /error/);
});

test("a name is text, whatever it holds", () => {
  assert.equal(fill("{name}!", "$& {name} $1"), "$& {name} $1!");
});

test("every error has a text and a next step; unknown ones too", () => {
  for (const [code, { text, next }] of Object.entries(ERRORS)) {
    assert.match(text, /\.$/, code);
    assert.match(next, /\.$/, code);
  }
  assert.match(trouble({ code: "strange", message: "odd thing" }).text, /odd thing/);
});

test("every refused login has a text and a next step, and a wait is said", () => {
  for (const [who, table] of Object.entries(LOGINS)) {
    for (const code of [...Object.keys(table), ...Object.keys(ERRORS)]) {
      const { text, next } = refusal({ code }, who);
      assert.match(`${text} ${next}`, /^[A-Z].*\. .*\.$/, `${who} ${code}`);
    }
  }
  assert.equal(refusal({ code: "full", retry: 60 }, "visitor").next, "Try again in 60 seconds.");
  assert.deepEqual([0.4, 1, 90, 91, 3600].map(patience), ["1 second", "1 second", "90 seconds", "2 minutes", "60 minutes"]);
});

test("every state of a message has words, not a tick alone", () => {
  assert.deepEqual(Object.keys(DELIVERY), ["sending", "sent", "received", "failed"]);
  for (const [state, { text }] of Object.entries(DELIVERY)) assert.match(text, /[a-z]/, state);
});

test("clock", () => {
  assert.deepEqual([0, 9, 61, 3599, 3600, 36_061].map(clock), ["00:00", "00:09", "01:01", "59:59", "1:00:00", "10:01:01"]);
});
