import { strict as assert } from "node:assert";
import { BzzzError } from "@bzzz/base";
import { EXIT_STATUSES, exitMeaning, exitStatus, exitStatusOf } from "./exit.ts";

Deno.test("every exit status has one number, one name and one line of meaning", () => {
  const numbers = new Set(EXIT_STATUSES.map((entry) => entry.status));
  const names = new Set(EXIT_STATUSES.map((entry) => entry.name));

  assert.equal(numbers.size, EXIT_STATUSES.length);
  assert.equal(names.size, EXIT_STATUSES.length);
  for (const { status, name, meaning } of EXIT_STATUSES) {
    assert.equal(exitStatus(name), status);
    assert.equal(exitMeaning(status), meaning);
    assert.ok(meaning.length > 0 && !meaning.includes("\n") && !meaning.endsWith("."), name);
    assert.ok(status < 126 || status === 130, "126 to 128 belong to the shell, 129 and up to signals");
  }
});

Deno.test("exitStatusOf() prefers a specific cause to a generic wrapper", () => {
  const inUse = new BzzzError("port_in_use", "Cannot listen");
  const wrapped = new BzzzError("service_start_failed", 'Cannot start service "api"', { cause: inUse });
  const aggregate = new AggregateError([new Error("plain"), wrapped]);

  assert.equal(exitStatusOf(wrapped), 11);
  assert.equal(exitStatusOf(aggregate), 11);
  assert.equal(exitStatusOf(new BzzzError("service_stop_failed", "Cannot stop")), 10);
});

Deno.test("exitStatusOf() knows what the system and Node's listeners call a port in use", () => {
  const ofNode = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE" });
  const ofDeno = new Deno.errors.AddrInUse("Address already in use");

  assert.equal(exitStatusOf(new Error("libp2p", { cause: ofNode })), 11);
  assert.equal(exitStatusOf(ofDeno), 11);
});

Deno.test("exitStatusOf() is 1 for whatever it does not know, and ends on a cycle of causes", () => {
  const loop = new Error("loop");
  loop.cause = loop;

  for (const thrown of [undefined, null, "text", 7, {}, new Error("x"), new BzzzError("unheard_of", "x"), loop]) {
    assert.equal(exitStatusOf(thrown), 1, String(thrown));
  }
});

Deno.test("exitStatusOf() knows a deadline of the platform", () => {
  const late = new DOMException("Signal timed out", "TimeoutError");

  assert.equal(exitStatusOf(late), 5);
  assert.equal(exitStatusOf(new BzzzError("unheard_of", "x", { cause: late })), 5);
});

Deno.test("every refusal of the API and of a log has the status of what it means", () => {
  const statuses: Readonly<Record<string, number>> = {
    ambiguous_id: 2,
    not_found: 3,
    already_answered: 3,
    forbidden: 4,
    journal_not_allowed: 4,
    timeout: 5,
    thread_limit: 6,
    unexpected_answer: 7,
    node_stopping: 7,
    journal_stopped: 7,
    invalid_request: 8,
    journal_entry_too_large: 8,
    duplicate_agent_id: 12,
    journal_forked: 13,
    invalid_grant: 13,
    store_full: 14,
    journal_busy: 1,
    journal_behind: 1,
    internal: 1,
  };

  for (const [code, status] of Object.entries(statuses)) {
    assert.equal(exitStatusOf(new BzzzError(code, "Cannot")), status, code);
  }
});
