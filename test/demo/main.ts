/**
 * `deno task demo`: three agents and a person on this machine, from nothing to an answered question. Real programs, on
 * loopback and free ports, in a temporary folder; nothing of it is left, however it ends.
 *
 * @module
 */
import { abortable, createSystemClock } from "@bzzz/base";
import { parseArgs } from "node:util";
import { Programs } from "./programs.ts";
import { tellStory } from "./story.ts";
import { Timeline } from "./timeline.ts";

/** The whole demo must not take longer, whatever happens. */
const DEADLINE_MS = 180_000;
/** A request to a program that died fails at once; its end is known only when its output is read to the end. */
const LOSS_NOTICED_MS = 2_000;
const LOG_LINES = 12;
/** What a program needs of the environment to find the runtime's cache; BZZZ_ variables of the person stay out. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "DENO_DIR", "XDG_CACHE_HOME", "LANG", "TZ"];
const ROOT = new URL("../../", import.meta.url).pathname;

class Interrupted extends Error {}

Deno.exit(await runDemo());

async function runDemo(): Promise<number> {
  const { values } = parseArgs({ args: [...Deno.args], options: { built: { type: "boolean", default: false } } });
  const clock = createSystemClock();
  const timeline = new Timeline(clock);
  const stopping = new AbortController();
  const stopListening = listen(stopping);
  const deadline = clock.setTimer(
    DEADLINE_MS,
    () => stopping.abort(new Error(`The demo was not done after ${DEADLINE_MS / 1000} s`)),
  );
  const folder = await Deno.makeTempDir({ prefix: "bzzz-demo-" });
  const programs = new Programs(clock, {
    folder,
    isBuilt: values.built,
    env: { ...environment(), BZZZ_CACHE_DIR: `${ROOT}dist/.cache` },
    signal: stopping.signal,
    onLost: (error) => stopping.abort(error),
  });
  try {
    timeline.note("BZZZ: three agents and a person on this machine. Real programs, loopback only, nothing is kept.");
    await programs.prepare();
    await abortable(tellStory({ clock, programs, timeline }), stopping.signal);
    await programs[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
    timeline.note(
      `\nDone in ${
        timeline.seconds.toFixed(1)
      } s: ${programs.nodes.size} programs ended with status 0, ${folder} is removed.` +
        "\nYour own mesh: docs/start.md",
    );
    return 0;
  } catch (error) {
    const lost = stopping.signal.aborted ? undefined : await programs.lostWithin(LOSS_NOTICED_MS);
    const cause = stopping.signal.aborted ? stopping.signal.reason : lost ?? error;
    await programs[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true }).catch(() => {}); // removed already
    if (cause instanceof Interrupted) {
      timeline.note("\nInterrupted: every program was stopped and every file removed.");
      return 130;
    }
    reportFailure(timeline, cause, programs);
    return 1;
  } finally {
    deadline.cancel();
    stopListening();
  }
}

function reportFailure(timeline: Timeline, cause: unknown, programs: Programs): void {
  for (const { name, log } of programs.nodes.values()) {
    timeline.note(`\nThe last lines of ${name}:\n${log.trimEnd().split("\n").slice(-LOG_LINES).join("\n")}`);
  }
  timeline.note(`\nThe demo failed: ${cause instanceof Error ? cause.message : String(cause)}`);
}

function environment(): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** The first signal ends the demo in order; more do not make that faster. */
function listen(stopping: AbortController): () => void {
  const signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const onSignal = (): void => stopping.abort(new Interrupted("Interrupted"));
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}
