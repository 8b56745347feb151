import assert from "node:assert/strict";
import { createSeededRandom } from "@bzzz/base/testing";
import fc from "fast-check";
import type { SlurpEvent } from "./events.ts";
import { type Job, JobQueue } from "./job_queue.ts";

const event = (task: string, key = "k1"): SlurpEvent =>
  ({ project: "shop", task, idempotencyKey: key, type: "context_written" }) as SlurpEvent; // what a queue looks at
const queue = () => new JobQueue(createSeededRandom(1), { settleMs: 100, retryWindowMs: 10_000 });

function take(jobs: JobQueue, nowMs: number): Job {
  const next = jobs.next(nowMs);
  assert.ok(next && "job" in next, JSON.stringify(next));
  return next.job;
}

Deno.test("events about one subject are one job, which waits for more of its kind but not for ever", () => {
  const jobs = queue();

  assert.equal(jobs.add(event("a"), 0), "queued");
  assert.equal(jobs.add(event("a"), 50), "duplicate");
  assert.equal(jobs.add(event("a", "k2"), 99), "coalesced");
  assert.deepEqual(jobs.next(99), { inMs: 1 });
  assert.deepEqual([...take(jobs, 100).events.keys()], ["k1", "k2"]);
  assert.equal(jobs.next(100), undefined);
});

Deno.test("an event of the same bucket that comes while its job runs is another job (issue 012)", () => {
  const jobs = queue();
  jobs.add(event("a"), 0);
  take(jobs, 100);

  assert.equal(jobs.add(event("a"), 101), "queued");
  assert.ok(take(jobs, 201));
});

Deno.test("a job that fails comes back later and later, with what came meanwhile, until its window is over", () => {
  const jobs = queue();
  jobs.add(event("a"), 0);
  let job = take(jobs, 100);
  let nowMs = 100;
  jobs.add(event("a", "k2"), nowMs);
  const delays: number[] = [];
  for (let tries = 0; tries < 20 && jobs.failed(job, nowMs) === "retried"; tries++) {
    const next = jobs.next(nowMs);
    assert.ok(next && "inMs" in next);
    delays.push(next.inMs);
    nowMs += next.inMs;
    job = take(jobs, nowMs);
  }

  assert.deepEqual([...job.events.keys()], ["k1", "k2"]);
  assert.ok(delays.length >= 2 && nowMs >= 10_100, `${delays}`);
  assert.ok(delays.every((delay, i) => delay >= 1_000 * 2 ** i && delay <= 2_000 * 2 ** i), `${delays}`);
  assert.equal(jobs.size, 0);
});

Deno.test("B-10 a queue that is full asks for a look at everything, once", () => {
  const jobs = queue();
  for (let i = 0; i < 10_000; i++) jobs.addSubject({ project: "shop", task: `t${i}` }, 0);
  assert.equal(jobs.takeOverflow(), false);

  assert.equal(jobs.add(event("late"), 0), "overflow");
  assert.deepEqual([jobs.takeOverflow(), jobs.takeOverflow(), jobs.size], [true, false, 10_000]);
});

Deno.test("no subject waits twice, and none that was added is lost, whatever the order", () => {
  const step = fc.record({ task: fc.constantFrom("a", "b", "c"), key: fc.constantFrom("1", "2"), what: fc.nat(2) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const jobs = queue();
    const owed = new Map<string, Set<string>>();
    let nowMs = 0;
    for (const { task, key, what } of steps) {
      nowMs += 60;
      if (what < 2) {
        jobs.add(event(task, key), nowMs);
        owed.set(task, (owed.get(task) ?? new Set()).add(key));
        continue;
      }
      const next = jobs.next(nowMs);
      if (!next || "inMs" in next) continue;
      if (key === "1") jobs.failed(next.job, nowMs);
      else owed.delete(next.job.subject.task);
    }
    for (let next = jobs.next(1e9); next; next = jobs.next(1e9)) {
      assert.ok("job" in next);
      const { subject, events } = next.job;
      assert.deepEqual(new Set(events.keys()), owed.get(subject.task));
      owed.delete(subject.task);
    }
    assert.equal(owed.size, 0);
  }));
});
