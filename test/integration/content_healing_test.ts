// Context outlives the machines it is on: three nodes, two killed at once, one of them with an empty disk (S-31, S-37).
import assert from "node:assert/strict";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import type { UcxiClient } from "@bzzz/ucxi";
import { contentsIn } from "../helpers/contents.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

const OBJECTS = Deno.env.get("SLOW") ? 1_000 : 200;
/** At once, as several agents would. */
const CALLERS = 8;
/** From the start of the nodes that were killed. */
const READABLE_WITHIN_MS = 60_000;
/** A repair begins half a minute after the members changed. */
const REPLICATED_WITHIN_MS = 90_000;

const addressOf = (n: number) => `ucxl://anna:admin@test:many/objects/${n}.txt`;
const textOf = (n: number) => `object ${n} `.repeat(20);

/** `work` for every number, some at a time. */
async function each(work: (n: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: OBJECTS }, (_, n) => n).values();
  await Promise.all(Array.from({ length: CALLERS }, async () => {
    for (const n of numbers) await work(n);
  }));
}

async function readAll(context: UcxiClient, timeoutMs: number): Promise<void> {
  await each(async (n) => {
    let text: string | undefined;
    let reason = "";
    await waitFor(async () => {
      text = await context.get(addressOf(n)).then(({ bytes }) => utf8Decode(bytes), (error) => {
        reason = String(error);
        return undefined;
      });
      return text !== undefined;
    }, { timeoutMs, what: `object ${n}`, state: () => reason });
    assert.equal(text, textOf(n), `object ${n}`);
  });
}

/** For who reads the log of the run. */
async function report(figures: Readonly<Record<string, number>>): Promise<void> {
  await Deno.stdout.write(utf8Encode(`    ${JSON.stringify(figures)}\n`));
}

async function loseDisk(home: string): Promise<void> {
  await Deno.remove(`${home}/content`, { recursive: true });
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.remove(`${home}/journal.db${suffix}`).catch(() => {}); // it is not always there
  }
}

/** Until every disk has the same contents, and not fewer than were written: what the leader derives of them is copied, too. */
async function threeTimes(mesh: TestMesh, timeoutMs: number): Promise<void> {
  let found: string[][] = [];
  await waitFor(async () => {
    found = [];
    for (const name of mesh.nodes.keys()) found.push(await contentsIn(mesh.home(name)));
    const [first = []] = found;
    return first.length >= OBJECTS && found.every((contents) => contents.join() === first.join());
  }, { timeoutMs, what: `${OBJECTS} contents on three disks`, state: () => found.map(({ length }) => length) });
}

Deno.test("S-31, S-37 of many objects on three nodes all are readable, and there three times, after two were killed and one wiped", async (t) => {
  await using mesh = await TestMesh.create("anna");
  await mesh.add("bert", { through: "anna", role: "admin" });
  await mesh.add("cleo", { through: "anna", role: "admin" });
  const names = ["anna", "bert", "cleo"];
  await mesh.connected(...names);

  await t.step("written on one, copied to all", async () => {
    const anna = await mesh.node("anna").context();
    await waitFor(() => anna.put(addressOf(0), utf8Encode("first"), { audience: ["admin"] }).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "the key of the role",
    });
    await each(async (n) => void await anna.put(addressOf(n), utf8Encode(textOf(n)), { audience: ["admin"] }));
    await threeTimes(mesh, 60_000);
  });

  await t.step("two killed, one of them wiped, both back", async () => {
    await Promise.all([mesh.node("anna").kill(), mesh.node("bert").kill()]);
    await loseDisk(mesh.home("anna"));
    assert.deepEqual(await contentsIn(mesh.home("anna")), []);

    const startedMs = performance.now();
    await Promise.all([mesh.start("anna"), mesh.start("bert")]);
    await readAll(await mesh.node("anna").context(), READABLE_WITHIN_MS);
    const readableMs = performance.now() - startedMs;
    assert.ok(readableMs < READABLE_WITHIN_MS, `readable after ${readableMs} ms`);
    await threeTimes(mesh, REPLICATED_WITHIN_MS - readableMs);
    const healedMs = performance.now() - startedMs;
    assert.equal(mesh.nodes.size, 3);
    await report({ objects: OBJECTS, readable_ms: Math.round(readableMs), three_times_ms: Math.round(healedMs) });
  });
});
