import { strict as assert } from "node:assert";
import { join } from "node:path";
import { createSystemClock } from "@bzzz/base";
import { createTestLogger } from "@bzzz/logging";
import { acquireInstanceLock, checkForRunningInstance, INSTANCE_LOCK_FILE } from "./collision.ts";
import { RuntimeError } from "./errors.ts";

const OWNER = { agentId: "worker-1", binaryType: "agent" } as const;

function createDeps() {
  const { logger, records } = createTestLogger();
  const clock = { ...createSystemClock(), nowMs: () => Date.UTC(2026, 0, 1) };
  return { deps: { clock, logger }, records };
}

async function withHome(run: (home: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "bzzz-lock-" });
  try {
    await run(join(parent, "home"));
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

function isRunning(pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof RuntimeError && error.code === "instance_running" && error.exitStatus === 12 &&
    pattern.test(error.message);
}

Deno.test("a second acquisition is refused and names the holder; release lets it in", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    const first = await acquireInstanceLock(deps, home, OWNER);

    await assert.rejects(
      acquireInstanceLock(deps, home, { agentId: "other", binaryType: "hap" }),
      isRunning(new RegExp(`bzzz-agent "worker-1" \\(process ${Deno.pid}, since 2026-01-01T00:00:00`)),
    );
    first.release();
    first.release();

    using again = await acquireInstanceLock(deps, home, OWNER);
    assert.equal(again.path, first.path);
  });
});

Deno.test("the directory is 0700 and the file 0600, also when it was open to others", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    (await acquireInstanceLock(deps, home, OWNER)).release();
    const path = join(home, INSTANCE_LOCK_FILE);
    const fresh = await Deno.stat(path);
    await Deno.chmod(path, 0o644);

    (await acquireInstanceLock(deps, home, OWNER)).release();

    assert.equal((fresh.mode ?? 0) & 0o777, 0o600);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assert.equal(((await Deno.stat(home)).mode ?? 0) & 0o777, 0o700);
  });
});

Deno.test("checkForRunningInstance() sees a holder and disturbs nobody", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    const before = await checkForRunningInstance(home);
    const lock = await acquireInstanceLock(deps, home, OWNER);
    const during = await checkForRunningInstance(home);
    lock.release();
    const after = await checkForRunningInstance(home);

    assert.deepEqual([before, after], [{ isRunning: false }, { isRunning: false }]);
    assert.deepEqual(during, {
      isRunning: true,
      holder: { pid: Deno.pid, startedAtMs: deps.clock.nowMs(), binaryType: "agent", agentId: "worker-1" },
    });
  });
});

Deno.test("somebody who only asks does not keep a program from starting", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    (await acquireInstanceLock(deps, home, OWNER)).release();
    const asker = await Deno.open(join(home, INSTANCE_LOCK_FILE), { read: true });
    await asker.tryLock(false);

    const acquired = acquireInstanceLock(
      {
        ...deps,
        clock: { ...deps.clock, sleep: () => Promise.resolve(asker.close()) },
      },
      home,
      OWNER,
    );

    (await acquired).release();
  });
});

Deno.test("what a crash left in the file does not matter", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    await Deno.mkdir(home);
    await Deno.writeTextFile(join(home, INSTANCE_LOCK_FILE), `{"pid": 1, ${"x".repeat(10_000)}`);

    using lock = await acquireInstanceLock(deps, home, OWNER);

    assert.match(await Deno.readTextFile(lock.path), /^\{"pid":\d+,[^\n]*\}\n$/);
  });
});

Deno.test("a holder that wrote nonsense is another program", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    using lock = await acquireInstanceLock(deps, home, OWNER);
    await Deno.writeTextFile(lock.path, "\u001b[31mgotcha");

    await assert.rejects(acquireInstanceLock(deps, home, OWNER), isRunning(/^Cannot start: another program uses/));
  });
});

Deno.test("a symbolic link or a directory in the file's place is refused", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    await Deno.mkdir(home);
    const target = join(home, "victim");
    await Deno.writeTextFile(target, "precious");
    await Deno.symlink(target, join(home, INSTANCE_LOCK_FILE));

    await assert.rejects(
      acquireInstanceLock(deps, home, OWNER),
      (error) =>
        error instanceof RuntimeError && error.code === "lock_unavailable" && /not a regular file/.test(error.message),
    );

    assert.equal(await Deno.readTextFile(target), "precious");
  });
});

Deno.test("a real process holds the lock; kill -9 frees it at once", async () => {
  await withHome(async (home) => {
    const { deps } = createDeps();
    const script = new URL("./testdata/hold_lock.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--allow-all", script, home],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();

    await assert.rejects(
      acquireInstanceLock(deps, home, OWNER),
      isRunning(new RegExp(`bzzz-agent "held-agent" \\(process ${child.pid},`)),
    );
    const whileHeld = await checkForRunningInstance(home);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();

    assert.equal(whileHeld.isRunning && whileHeld.holder?.pid, child.pid);
    using _lock = await acquireInstanceLock(deps, home, OWNER);
    assert.equal((await checkForRunningInstance(home)).isRunning, true);
  });
});
