import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { ProcessGroup } from "./process_group.ts";
import { ProcessWatchdog } from "./watchdog.ts";

const deps = { logger: createNullLogger() };

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

Deno.test("a program whose agent is killed is ended, with its children, even when it does not want to", async () => {
  const folder = await Deno.makeTempDir();
  const here = (name: string) => new URL(name, import.meta.url).href;
  const agent = `
    import { ProcessGroup } from "${here("./process_group.ts")}";
    import { ProcessWatchdog } from "${here("./watchdog.ts")}";
    import { createNullLogger } from "${new URL("../../../pkg/logging/mod.ts", import.meta.url).href}";
    const logger = createNullLogger();
    const argv = ["/bin/sh", "-c", "trap '' TERM; sleep 1000 & echo $! > ${folder}/child.tmp; mv ${folder}/child.tmp ${folder}/child; wait; wait"];
    const group = new ProcessGroup({ logger }, { argv, cwd: "${folder}", env: { PATH: "/bin:/usr/bin" } });
    ProcessWatchdog.start({ logger }, group.pid);
    Deno.writeTextFileSync("${folder}/leader", String(group.pid));
    await group.exited;`;
  await Deno.writeTextFile(`${folder}/agent.ts`, agent);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, `${folder}/agent.ts`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const pids = await waitFor(async () => {
    const texts = await Promise.all(
      ["leader", "child"].map((name) => Deno.readTextFile(`${folder}/${name}`).catch(() => "")),
    );
    return texts.every((text) => text !== "") && texts.map(Number);
  }, { timeoutMs: 30_000, what: "the program to run" });

  const before = pids.map(isAlive);
  child.kill("SIGKILL");
  await child.status;
  const clock = createSystemClock();
  const beganMs = clock.monotonicMs();
  await waitFor(() => pids.every((pid) => !isAlive(pid)), { timeoutMs: 30_000, what: "the group to end" });

  assert.deepEqual(before, [true, true]);
  assert.ok(clock.monotonicMs() - beganMs < 8000);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a watchdog that is told of the end leaves the group alone and goes", async () => {
  const group = new ProcessGroup(deps, { argv: ["/bin/sleep", "1000"], cwd: "/", env: {} });
  {
    await using _watchdog = ProcessWatchdog.start(deps, group.pid);
  }

  assert.ok(isAlive(group.pid));
  await group.signal("SIGKILL");
  await group.exited;
  await group.stdin.close().catch(() => {}); // the reader is gone
  await Promise.all([group.stdout.cancel(), group.stderr.cancel()]);
});
