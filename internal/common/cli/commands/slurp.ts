import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { Command } from "../types.ts";
import { given } from "../values.ts";
import {
  describeDeadLetter,
  describeSlurpAlignment,
  describeSlurpContext,
  describeSlurpGraph,
  describeSlurpStatus,
} from "./slurp_render.ts";
import { readAddressArg } from "./ucxl_arguments.ts";

const ADDRESS = { name: "address", summary: "UCXL address of one thing", isRequired: true } as const;
const DIRECTIONS = ["causes", "effects", "both"] as const;
const MAX_HOPS = 32;

const status: Command = {
  name: "slurp status",
  aliases: ["slurp"],
  group: "context",
  summary: "How deriving context stands, and who does it",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const view = await (await context.client()).slurp.status({ signal: context.signal });
    await context.out.item(view, () => describeSlurpStatus(view, context.clock.nowMs()));
    return EXIT.ok;
  },
};

const show: Command = {
  name: "slurp context",
  group: "context",
  summary: "What your role needs to know about an address, and who says so",
  details:
    "Derived by the leader from what is written at the address, in its folders, its task, its project (task `project`) and the " +
    "mesh (`global:global`); what is said nearer to the address counts. Every value names its source.",
  args: [ADDRESS],
  flags: [{ name: "depth", type: "integer", value: "N", summary: "At most so many levels" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const address = readAddressArg(context.values.required("address"));
    const query = { address, ...given("max_depth", context.values.integer("depth")) };
    const view = await (await context.client()).slurp.context(query, { signal: context.signal });
    await context.out.item(view, () => describeSlurpContext(view, context.clock.nowMs()));
    return EXIT.ok;
  },
};

const graph: Command = {
  name: "slurp graph",
  group: "context",
  summary: "Decisions around an address: what led to it, what is affected",
  details: "Distance is counted in decisions, not in days. Decisions that your role may not read are not in it.",
  args: [ADDRESS],
  flags: [
    { name: "hops", type: "integer", value: "N", summary: "So many decisions away (2)" },
    { name: "direction", type: "string", value: "WAY", choices: DIRECTIONS, summary: "causes, effects or both (both)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const hops = values.integer("hops");
    if (hops !== undefined && (hops < 0 || hops > MAX_HOPS)) {
      throw usageError(`Cannot look ${hops} hops far: expected 0 to ${MAX_HOPS}`);
    }
    const direction = values.text("direction") as typeof DIRECTIONS[number] | undefined; // one of the choices, or none
    const query = {
      address: readAddressArg(values.required("address")),
      ...given("hops", hops),
      ...given("direction", direction),
    };
    const view = await (await context.client()).slurp.graph(query, { signal: context.signal });
    await context.out.item(view, () => describeSlurpGraph(view, context.format));
    return EXIT.ok;
  },
};

const align: Command = {
  name: "slurp align",
  group: "context",
  summary: "How well an address serves the goals of its project",
  details:
    "Goals are in .ucxl/goals.yaml in a task of the project, or of the project global. The score counts words of the goals " +
    "that are found in the context of the address; each is named.",
  args: [ADDRESS],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const address = readAddressArg(context.values.required("address"));
    const view = await (await context.client()).slurp.alignment(address, { signal: context.signal });
    await context.out.item(view, () => describeSlurpAlignment(view));
    return EXIT.ok;
  },
};

const dlq: Command = {
  name: "slurp dlq",
  group: "context",
  summary: "Derivations that were given up: list, show, replay",
  details:
    "They lie on the node that led. Replaying works on the leader, at slurp.replays_per_minute; a new leader finds what is " +
    "not derived by itself.",
  args: [
    { name: "action", summary: "list, show or replay", isRequired: true, choices: ["list", "show", "replay"] },
    { name: "id", summary: "Of a dead letter; replay takes all without one" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const action = context.values.required("action");
    const id = context.values.text("id");
    const { slurp } = await context.client();
    const options = { signal: context.signal };
    if (action === "replay") {
      const view = await slurp.replay(id, options);
      await context.out.item(view, () => `${view.waiting} ${view.waiting === 1 ? "waits" : "wait"} for another try`);
    } else if (action === "show") {
      if (id === undefined) throw usageError('Cannot show a dead letter: its id is missing; "slurp dlq list" has it');
      const view = await slurp.deadLetter(id, options);
      await context.out.item(view, () => describeDeadLetter(view, context.clock.nowMs()));
    } else {
      if (id !== undefined) throw usageError('Cannot list one dead letter: "list" takes no id, "show" does');
      await context.out.list(await slurp.deadLetters(options), {
        heading: ["ID", "WHEN", "TASK", "CODE", "TRIES"],
        row: (letter) => [
          letter.id,
          context.format.date(letter.failed_at_ms),
          `${letter.project}:${letter.task}`,
          letter.code,
          String(letter.attempts),
        ],
        empty: "No dead letters.",
      });
    }
    return EXIT.ok;
  },
};

/** Derived context. */
export const SLURP_COMMANDS: readonly Command[] = [status, show, graph, align, dlq];
