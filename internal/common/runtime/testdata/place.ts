// A data directory and what a program does to it: for the tests of the hooks and of the desks behind them.
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import type { CheckResult, GlobalFlags } from "@bzzz/cli";
import { NO_FLAGS } from "@bzzz/cli/testing";
import { writePrivateFile } from "../home.ts";
import { StandardHooks } from "../hooks.ts";
import { AGENT_PROFILE, type BinaryProfile } from "../profiles.ts";
import { InterruptGate } from "../signals.ts";
import type { UncaughtGuard } from "../uncaught.ts";

/** A data directory, and the hooks of a program that stand on it. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly globals: GlobalFlags;
  readonly hooks: StandardHooks;
  /** What the node of this data directory would answer. */
  answer: (request: Request) => Response;
  write(name: string, text: string): Promise<string>;
}

/** A new one, in a folder of its own; nothing runs there. */
export async function createPlace(
  profile: BinaryProfile = AGENT_PROFILE,
  deps: { readonly uncaught?: UncaughtGuard } = {},
): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-hooks-" });
  const home = `${folder}/home`;
  const place: Place = {
    folder,
    home,
    globals: { ...NO_FLAGS, home },
    answer: () => new Response(null, { status: 404 }),
    write: async (name, text) => {
      await writePrivateFile(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    },
    hooks: new StandardHooks({
      profile,
      clock: createSystemClock(),
      random: createSystemRandom(),
      env: { TMPDIR: folder },
      version: "0.0.0",
      loadExecution: () => Promise.reject(new Error("nothing runs here")),
      stdinIsTerminal: false,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      fetch: (request) => Promise.resolve(place.answer(request)),
      forceExit: () => {},
      interrupts: new InterruptGate(),
      readLine: () => Promise.resolve(undefined),
      readInput: () => Promise.resolve(""),
      tell: () => Promise.resolve(),
      onNodeRunning: () => {},
      ...deps,
    }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  return place;
}

/** A mesh of the place alone; its member is "one". */
export async function found(place: Place): Promise<void> {
  await place.hooks.init({
    globals: place.globals,
    meshName: undefined,
    agentId: "one",
    isRootKeyKept: false,
    shares: undefined,
    threshold: undefined,
    isLocked: false,
    isForced: false,
  });
}

/** What `doctor` says, by the name of the check. */
export async function doctor(place: Place, globals = place.globals): Promise<Map<string, CheckResult>> {
  return new Map((await place.hooks.doctor(globals)).map((result) => [result.name, result]));
}

/** Settings with which nothing listens on a port that another program may have. */
export const PORTS: GlobalFlags["settings"] = [
  ["ports.http_port", "0"],
  ["ports.health_port", "0"],
  ["ports.ucxi_port", "0"],
  ["network.p2p_port", "0"],
];
