import { createSystemClock } from "@bzzz/base";
import { TestMesh } from "../../helpers/mesh.ts";
import { programEnvironment, programPath, runOk } from "../../helpers/programs.ts";
import { PtyProgram } from "../../helpers/pty.ts";
import { type Bench, median, type Row, type Scenario } from "../row.ts";

const GOAL_FIRST_FRAME_MS = 300;
const GOAL_ECHO_MS = 50;
const clock = createSystemClock();

interface Samples {
  /** `bzzz-hap version`: the program alone, in turn with the views, for what the machine makes of it. */
  readonly programMs: number[];
  readonly firstFrameMs: number[];
  readonly echoMs: number[];
}

/** Views of one running node, opened and closed one after the other; keys are typed into each. */
async function openViews(bench: Bench, options: { views: number; keys: number }): Promise<Samples> {
  const env = { BZZZ_CACHE_DIR: bench.cache };
  await using mesh = await TestMesh.create("ana", { program: "bzzz-hap", env });
  const samples: Samples = { programMs: [], firstFrameMs: [], echoMs: [] };
  // the first one fills the compiler's cache
  for (let n = 0; n <= options.views; n++) {
    const launchedAtMs = clock.monotonicMs();
    await runOk("bzzz-hap", ["version"], { env });
    const startedAtMs = clock.monotonicMs();
    if (n > 0) samples.programMs.push(startedAtMs - launchedAtMs);
    await using view = new PtyProgram(`${programPath("bzzz-hap")} --home ${mesh.home("ana")}`, {
      columns: 120,
      rows: 40,
      env: { ...programEnvironment(), ...env },
    });
    await view.writes("CHANNELS");
    if (n > 0) samples.firstFrameMs.push(clock.monotonicMs() - startedAtMs);
    for (let typed = "q"; typed.length <= options.keys; typed += "q") {
      const pressedAtMs = clock.monotonicMs();
      await view.write("q");
      await view.writes(typed);
      if (n > 0) samples.echoMs.push(clock.monotonicMs() - pressedAtMs);
    }
  }
  return samples;
}

/** What a person waits for: from the command to a screen that a node has answered for, and from a key to its letter. */
export const screen: Scenario = {
  name: "screen",
  async run(bench): Promise<readonly Row[]> {
    if (bench.agent === undefined || Deno.build.os !== "linux") return [];
    const options = bench.isQuick ? { views: 1, keys: 5 } : { views: 11, keys: 20 };
    bench.say(`screen: ${options.views} views of a running node, one after the other`);
    const { programMs, firstFrameMs, echoMs } = await openViews(bench, options);
    const row = (what: string, bzzz: number, goalMs?: number): Row => ({
      scenario: "screen",
      what,
      unit: "ms",
      bzzz,
      bare: undefined,
      goal: goalMs === undefined ? undefined : `< ${goalMs} ms`,
      isMet: goalMs === undefined ? undefined : bzzz < goalMs,
    });
    echoMs.sort((a, b) => a - b);
    return [
      row("bzzz-hap version, for comparison, p50", median(programMs)),
      row("first frame of a view, p50", median(firstFrameMs), GOAL_FIRST_FRAME_MS),
      row("a key echoed, p95", echoMs[Math.floor(echoMs.length * 0.95)] ?? Infinity, GOAL_ECHO_MS),
    ];
  },
};
