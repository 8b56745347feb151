// The demo as a newcomer runs it: what it promises to show, its exit status, and that it leaves nothing, also when it is interrupted.
import { createSystemClock } from "@bzzz/base";
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What the demo may take when everything is cached; twice as much as a busy machine of two cores needed. */
const DEADLINE_MS = 150_000;

/** Starts the demo with the built programs and its temporary folder under `tmp`. */
function startDemo(tmp: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", `${ROOT}test/demo/main.ts`, "--built"],
    env: { TMPDIR: tmp, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Processes that know the folder of this demo; where there is no /proc nobody can tell. */
async function processesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  if (Deno.build.os !== "linux") return found;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const texts = await Promise.all(
      ["environ", "cmdline"].map((file) => Deno.readTextFile(`/proc/${name}/${file}`).catch(() => "") // it has ended
      ),
    );
    if (texts.some((text) => text.includes(folder))) found.push(texts[1]?.replaceAll("\0", " ") ?? name);
  }
  return found;
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await use(folder);

    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), [], "it leaves no file");
    assert.deepEqual(await processesOf(folder), [], "it leaves no process");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("demo: a task is claimed, asked about, answered, done and verified; exit status 0", async () => {
  await withFolder(async (folder) => {
    const demo = startDemo(folder);
    const timer = createSystemClock().setTimer(DEADLINE_MS, () => demo.kill("SIGTERM"));

    const { code, stdout, stderr } = await demo.output();

    timer.cancel();
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 0, `${text}${new TextDecoder().decode(stderr)}`);
    const expected: readonly RegExp[] = [
      /atlas +founded mesh demo [0-9a-f]{8}…/,
      /ana +joined with a one-time token of atlas, as developer/,
      /mesh +4 nodes, each connected to the 3 others/,
      /atlas +\$ bzzz-agent operator voters add cedar/,
      /mesh +3 nodes vote/,
      /ana +\$ bzzz-hap task post --capability survey/,
      /(atlas|basil|cedar) +task \w+ is executing \(token 1\)/,
      /who may claim it.*: (atlas|basil|cedar) at once/,
      /(atlas|basil|cedar) +asks \(\w+\): Do tests count as source\?/,
      /ana +\$ bzzz-hap inbox/,
      /ana +\$ bzzz-hap show/,
      /ana +answered ask \w+: choose: leave them out/,
      /(atlas|basil|cedar) +finished task \w+: \d+ files, \d+ lines, SHA-256 [0-9a-f]{16}…/,
      /(basil|cedar) +killed with SIGKILL in the middle of its work/,
      /mesh +(basil|cedar) got it \d+ ms later, when the lease of (basil|cedar) was over/,
      /token 1 (basil|cedar) lost, token 2 (basil|cedar) completed/,
      /ana +\$ bzzz-hap election show/,
      /(atlas|basil|cedar) +killed with SIGKILL, while it led term \d+/,
      /mesh +(atlas|basil|cedar) leads term \d+, \d+ ms later/,
      /(atlas|basil|cedar) +is back, and follows (atlas|basil|cedar) in term \d+/,
      /mesh +\w+ and \w+ fall silent \(SIGSTOP\), (atlas|basil|cedar) leads term \d+/,
      /(atlas|basil|cedar) +is degraded: No claims and no elections: 1 of 3 voters can be reached, 2 are needed/,
      /│ Leader: nobody, last term \d+/,
      /mesh +the task is announced: nobody has it/,
      /(atlas|basil|cedar) +reaches a majority of the voters \d+ ms later/,
      /dune +has (\d+) entries of 5 authors/,
      /mesh +\d+ signed entries: started by exactly 1, finished once/,
      /atlas +sees dune as "left"/,
      /\d+ entries of 5 authors, 0 without content: all verified/,
      /the signature or the hash of the body is wrong/,
      /Done in \d+\.\d s: 5 programs ended with status 0/,
    ];
    for (const pattern of expected) assert.match(text, pattern);
    assert.ok(!text.includes("\u001b"), "no colours where nobody sees them");
  });
});

/** Runs the demo until it has printed `mark`, does `then` once, and gives how it ended. */
async function runUntil(
  folder: string,
  mark: string,
  then: (demo: Deno.ChildProcess, text: string) => void,
): Promise<{ code: number; text: string }> {
  const demo = startDemo(folder);
  const timer = createSystemClock().setTimer(DEADLINE_MS, () => demo.kill("SIGKILL"));
  let text = "";
  let isDone = false;
  for await (const part of demo.stdout.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    text += part;
    if (isDone || !text.includes(mark)) continue;
    isDone = true;
    then(demo, text);
  }
  await demo.stderr.cancel();
  const { code } = await demo.status;
  timer.cancel();
  return { code, text };
}

Deno.test("demo: an interrupt stops every program and removes every file; exit status 130", async () => {
  await withFolder(async (folder) => {
    const { code, text } = await runUntil(folder, "The agent asks", (demo) => demo.kill("SIGINT"));

    assert.equal(code, 130, text);
    assert.match(text, /Interrupted: every program was stopped and every file removed/);
  });
});

Deno.test("demo: a program that dies is a failure with its name and its log; exit status 1", async () => {
  await withFolder(async (folder) => {
    const { code, text } = await runUntil(folder, "A task, and who takes it", (_demo, told) => {
      Deno.kill(Number(/ana +runs bzzz-hap, pid (\d+)/.exec(told)?.[1]), "SIGKILL");
    });

    assert.equal(code, 1, text);
    assert.match(text, /The last lines of ana:/);
    assert.match(text, /The demo failed: ana ended by itself with status/);
  });
});
