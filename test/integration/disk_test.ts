// A disk that is full and a database that is damaged: the node says so, keeps what it has, and goes on when it can.
import assert from "node:assert/strict";
import { ApiError } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";
import { ISOLATED, run, RunningNode, runOk } from "../helpers/programs.ts";

const DISK_MB = 8;

async function command(name: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args, stdin: "null", stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false; // no such program here
  }
}

/** A small disk of its own at `path`, in memory. Dispose takes it away, also under a running program. */
async function mountSmallDisk(path: string): Promise<AsyncDisposable | undefined> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  if (!await command("mount", "-t", "tmpfs", "-o", `size=${DISK_MB}m,mode=0700`, "tmpfs", path)) return undefined;
  return { [Symbol.asyncDispose]: async () => void await command("umount", "-l", path) };
}

async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  try {
    for (const block = new Uint8Array(4096);;) await file.write(block);
  } catch (error) {
    assert.match(String(error), /No space left/);
  }
}

Deno.test("S-37 B-06 a full disk: refused with a reason, readable meanwhile, writable again when there is room", async (t) => {
  await using mesh = await TestMesh.create("hub");
  await using disk = await mountSmallDisk(mesh.home("full"));
  if (!disk) return note("full disk: skipped, needs the right to mount (root)");
  const node = await mesh.add("full", { through: "hub" });
  await mesh.connected("hub", "full");
  const api = await node.api();
  const hub = await mesh.node("hub").api();
  const first = await api.postMessage({ topic: "coordination", text: "there is room" });

  await fill(`${node.home}/filler`);
  let refusal: unknown;
  let taken = 0;
  for (; taken < 2_000 && refusal === undefined; taken++) {
    await api.postMessage({ topic: "coordination", text: "x".repeat(8_000) }).catch((error) => refusal = error);
  }

  await t.step("a post is answered with UCXL-507-STORE_FULL", () => {
    assert.ok(refusal instanceof ApiError, `${taken} posts were taken`);
    assert.deepEqual([refusal.code, refusal.status], ["store_full", 507]);
  });
  await t.step("/readyz, /health and the status say why", async () => {
    const ready = await waitFor(async () => {
      const page = await node.healthPage("/readyz");
      return page.status === 503 && page;
    }, { timeoutMs: PATIENCE_MS, what: "/readyz to be 503", state: () => node.log.slice(-1000) });
    assert.ok(ready.body.reasons?.some((reason) => reason.code === "store_full"), Deno.inspect(ready.body));
    assert.equal((await node.healthPage("/health")).body.reasons?.some((reason) => reason.code === "store_full"), true);
    assert.equal((await node.healthPage("/livez")).status, 200, "a restart would not help");
    const status = await api.status();
    assert.notEqual(status.state, "ready");
    assert.match(status.reasons.join("\n"), /full/);
  });
  const missed = await hub.postMessage({ topic: "coordination", text: "while the disk was full" });
  await t.step("what is there can be read", async () => {
    assert.equal((await api.entry(first.id)).id, first.id);
    assert.ok((await api.journal()).items.length > 0);
    await api.peers();
  });

  await Deno.remove(`${node.home}/filler`);
  const sinceThereIsRoom = new Stopwatch();
  await t.step("it takes posts again and catches up", async () => {
    await waitFor(() => api.postMessage({ topic: "coordination", text: "room again" }).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "a post to be taken again",
    });
    note(`writable ${sinceThereIsRoom.within(5_000, "writable")} ms after there was room`);
    await waitFor(() => api.entry(missed.id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "the entry that was missed",
    });
    await waitFor(async () => (await node.healthPage("/readyz")).status === 200, {
      timeoutMs: PATIENCE_MS,
      what: "/readyz to be 200",
    });
  });
  assert.equal((await node.stop()).code, 0, node.log.slice(-2000));
  await mesh.verify("full");
});

Deno.test("S-37 a damaged database: one clear message, status 14, and the file is kept", async () => {
  await using mesh = await TestMesh.create("hub");
  await mesh.add("leaf", { through: "hub" });
  await mesh.connected("hub", "leaf");
  const api = await mesh.node("leaf").api();
  const posted: string[] = [];
  for (let i = 0; i < 50; i++) {
    posted.push((await api.postMessage({ topic: "coordination", text: `entry ${i} ${"x".repeat(500)}` })).id);
  }
  await mesh.node("leaf").stop();
  const path = `${mesh.home("leaf")}/journal.db`;
  const bytes = await Deno.readFile(path);
  bytes.fill(0x5a, 4096, bytes.length - 4096); // the header stays: only looking inside shows it
  await Deno.writeFile(path, bytes);

  for (let attempt = 1; attempt <= 2; attempt++) {
    const sinceTheStart = new Stopwatch();
    const { code, stderr } = await run("bzzz-agent", ["run", "--home", mesh.home("leaf")], { env: ISOLATED });

    assert.equal(code, 14, stderr);
    assert.match(stderr, /^bzzz-agent: Cannot .*journal\.db/);
    assert.equal(stderr.trim().split("\n").length, 1, `one message: ${stderr}`);
    sinceTheStart.within(5_000, "refused, without trying again by itself");
    assert.deepEqual(await Deno.readFile(path), bytes, "the damaged file is evidence");
  }

  // what the message says to do
  await Deno.rename(path, `${path}.damaged`);
  const restartedAt = performance.now();
  const leaf = await (await mesh.start("leaf")).api();
  await waitFor(async () => (await leaf.entry(posted.at(-1) ?? "").catch(() => undefined)), {
    timeoutMs: PATIENCE_MS,
    what: "the history to come back from the peers",
    state: () => mesh.node("leaf").log.slice(-2000),
  });
  note(`history back ${Math.round(performance.now() - restartedAt)} ms after the start`);
  const more = await leaf.postMessage({ topic: "coordination", text: "and on we go" });
  assert.ok((await leaf.entry(more.id)).seq > posted.length, "no number of its log is used twice");
  await mesh.node("leaf").stop();
  await mesh.verify("leaf");
});

Deno.test("S-37 a start on a full disk is refused with its reason and the status of the disk, until there is room", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await using disk = await mountSmallDisk(`${folder}/disk`);
    if (!disk) return note("start on a full disk: skipped, needs the right to mount (root)");
    const home = `${folder}/disk/node`;
    const options = { env: ISOLATED, timeoutMs: PATIENCE_MS };
    await runOk("bzzz-agent", ["init", "--home", home, "--mesh", "test", "--agent-id", "first"], options);
    await fill(`${folder}/disk/filler`);

    const refused = await run("bzzz-agent", ["run", "--home", home], options);
    const another = await run("bzzz-agent", ["init", "--home", `${home}-2`, "--agent-id", "second"], options);
    await Deno.remove(`${folder}/disk/filler`);
    await using node = await RunningNode.start("bzzz-agent", home);

    assert.equal(refused.code, 14, refused.stderr);
    assert.match(
      refused.stderr,
      /^bzzz-agent: Cannot use the database "\S+": the disk is full; free space on it and start again$/m,
    );
    assert.notEqual(another.code, 0);
    assert.match(another.stderr, /^bzzz-agent: Cannot write "\S+": the disk is full$/m);
    assert.equal((await node.healthPage("/livez")).status, 200);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
