import assert from "node:assert/strict";
import type { TaskId } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { AcpRefusal } from "./connection.ts";
import { WorkspaceFiles } from "./workspace_files.ts";
import { Workspaces } from "./workspaces.ts";

const RECORD = { sessionId: "s", tokens: 1, money: 2 };
const taskId = (n: number) => `01ARZ3NDEKTSV4RRFFQ69G5F${String(n).padStart(2, "0")}` as TaskId; // valid ULIDs

async function withRoot(test: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function open(root: string, keepEnded: number): Workspaces {
  return new Workspaces({ logger: createNullLogger() }, { root, keepEnded });
}

async function namesIn(root: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort();
}

Deno.test("a workspace that waits is found again with its session; one that has ended begins anew", async () => {
  await withRoot(async (root) => {
    const first = await open(root, 4).open(taskId(1));
    await Deno.writeTextFile(`${first.files}/a`, "half");
    await first.saveSession(RECORD);
    await open(root, 4).close(taskId(1), "waiting");

    const again = await open(root, 4).open(taskId(1));
    assert.deepEqual(await again.session(), { v: 1, ...RECORD });
    assert.equal(await Deno.readTextFile(`${again.files}/a`), "half");
    await open(root, 4).close(taskId(1), "ended");

    const anew = await open(root, 4).open(taskId(1));
    assert.equal(await anew.session(), undefined);
    assert.deepEqual(await namesIn(anew.files), []);
  });
});

Deno.test("of ended tasks the newest stay, of tasks that wait a few, and what runs is left alone", async () => {
  await withRoot(async (root) => {
    const workspaces = open(root, 2);
    await Deno.writeTextFile(`${root}/0.DS_Store`, "of somebody else");
    await workspaces.open(taskId(99));
    for (let n = 0; n < 5; n++) {
      await workspaces.open(taskId(n));
      await workspaces.close(taskId(n), "ended");
      await Deno.utime(`${root}/${taskId(n)}/ended`, n + 1, n + 1).catch(() => {}); // gone when it was not to be kept
    }
    assert.deepEqual(await namesIn(root), ["0.DS_Store", taskId(3), taskId(4), taskId(99)]);

    for (let n = 10; n < 50; n++) {
      const workspace = await workspaces.open(taskId(n));
      await workspace.saveSession(RECORD);
      await Deno.utime(`${root}/${taskId(n)}/session.json`, n, n);
      await workspaces.close(taskId(n), "waiting");
    }
    const waiting = (await namesIn(root)).filter((name) => name >= taskId(10) && name < taskId(50));
    assert.deepEqual(waiting, Array.from({ length: 32 }, (_, i) => taskId(i + 18)));

    await workspaces.open(taskId(60));
    await workspaces.close(taskId(60), "unbegun");
    assert.ok(!(await namesIn(root)).includes(taskId(60)));
  });
});

Deno.test("records that come faster than a disk leave the newest, and one that is broken is none", async () => {
  await withRoot(async (root) => {
    const workspace = await open(root, 0).open(taskId(1));

    await Promise.all(Array.from({ length: 50 }, (_, tokens) => workspace.saveSession({ ...RECORD, tokens })));

    assert.equal((await workspace.session())?.tokens, 49);
    assert.equal(((await Deno.stat(`${root}/${taskId(1)}/session.json`)).mode ?? 0) & 0o777, 0o600);
    await Deno.writeTextFile(`${root}/${taskId(1)}/session.json`, '{"v":1,"sessionId":');
    assert.equal(await workspace.session(), undefined);
  });
});

Deno.test("what a workspace holds is counted, empty files too, and links are not followed", async () => {
  await withRoot(async (root) => {
    const workspace = await open(root, 0).open(taskId(1));
    const before = await workspace.bytes(1e9);
    await Deno.writeTextFile(`${root}/big`, "x".repeat(100_000));
    await Deno.symlink(`${root}/big`, `${workspace.files}/link`);
    await Deno.mkdir(`${workspace.files}/deep`);
    await Deno.writeTextFile(`${workspace.files}/deep/a`, "x".repeat(5_000));
    await Deno.writeTextFile(`${workspace.home}/empty`, "");

    assert.equal(await workspace.bytes(1e9) - before, 4 * 512 + 5_000);
  });
});

Deno.test("a file is read and written through no link that leads out", async () => {
  await withRoot(async (root) => {
    const inside = `${root}/in`;
    await Deno.mkdir(`${inside}/real`, { recursive: true });
    await Deno.mkdir(`${root}/out`);
    await Deno.writeTextFile(`${root}/out/secret`, "s3cret");
    await Deno.symlink(`${root}/out`, `${inside}/away`);
    await Deno.symlink(`${root}/out/secret`, `${inside}/link`);
    await Deno.symlink(`${inside}/real`, `${inside}/alias`);
    await Deno.writeTextFile(`${inside}/run.sh`, "old", { mode: 0o755 });
    const fifo = await new Deno.Command("mkfifo", { args: [`${inside}/fifo`] }).output();
    assert.ok(fifo.success);
    const files = new WorkspaceFiles(inside);

    for (const path of ["away/secret", "link", `${root}/out/secret`, "../out/secret", "fifo", "real", ".", "no\0"]) {
      await assert.rejects(files.read(path), AcpRefusal, path);
    }
    for (
      const path of [
        "away/new",
        `${root}/out/new`,
        "../new",
        "real",
        "run.sh/x",
        ".",
        "/",
        "no\0",
        "n".repeat(300),
        `${"n".repeat(300)}/x`,
      ]
    ) {
      await assert.rejects(files.write(path, "x"), AcpRefusal, path);
    }
    await assert.rejects(files.write("big", "x".repeat(4 * 1024 * 1024 + 1)), AcpRefusal);
    await files.write("link", "mine");
    await files.write("alias/a", "in the folder");
    await files.write("run.sh", "new");

    assert.deepEqual(await namesIn(`${root}/out`), ["secret"]);
    assert.equal(await Deno.readTextFile(`${root}/out/secret`), "s3cret");
    assert.equal(await files.read("link"), "mine");
    assert.equal(await files.read(`${inside}/real/a`), "in the folder");
    assert.equal(((await Deno.stat(`${inside}/run.sh`)).mode ?? 0) & 0o777, 0o755);
    assert.deepEqual((await namesIn(inside)).filter((name) => name.includes("bzzz")), []);
  });
});
