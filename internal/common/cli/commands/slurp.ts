import type { DeadLetterView, SlurpAlignmentView, SlurpContextView, SlurpGraphView, SlurpStatusView } from "@bzzz/api";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { nameOf, relativeTime } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { formatDuration, given } from "../values.ts";
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
    await context.out.item(view, () => describeStatus(view, context.clock.nowMs()));
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
    await context.out.item(view, () => describeContext(view, context.clock.nowMs()));
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
    await context.out.item(view, () => describeGraph(view, context));
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
    await context.out.item(view, () => describeAlignment(view));
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
      await context.out.item(view, () => describeLetter(view, context));
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

function describeStatus(view: SlurpStatusView, nowMs: number): readonly string[] {
  const states = {
    off: view.is_enabled ? "does not lead" : "is told not to derive (slurp.enabled)",
    scanning: "looks at everything for what is not derived yet",
    working: "derives",
    idle: "has derived everything",
  } as const;
  const { counters, last_failure: failure } = view;
  return [
    view.leader ? `Leader: ${nameOf(view.leader)}` : "Nobody leads",
    `This node ${states[view.state]}${view.term === undefined ? "" : `, term ${view.term}`}`,
    `Waiting: ${view.queued}${view.replaying === 0 ? "" : `, and ${view.replaying} to be tried again`}`,
    `Derived here: ${counters["derived"] ?? 0}, slices written ${counters["slices_written"] ?? 0}, unchanged ${
      counters["slices_unchanged"] ?? 0
    }`,
    ...(view.last_success_at_ms === undefined ? [] : [`Last derived: ${relativeTime(view.last_success_at_ms, nowMs)}`]),
    ...(failure ? [`Last failure: ${failure.code}, ${relativeTime(failure.at_ms, nowMs)}`] : []),
    ...(view.breaker === "closed" ? [] : ["Deriving pauses after failures"]),
    describeSummaries(view),
    `Dead letters: ${view.dead_letters}`,
  ];
}

function describeSummaries({ summaries, counters }: SlurpStatusView): string {
  if (!summaries) return "Summaries: what rules find";
  const { by, per_hour: perHour, waiting, breaker } = summaries;
  return `Summaries: by ${sanitiseLine(by)}, ${counters["summaries_summarised"] ?? 0} made, ${
    counters["summaries_failed"] ?? 0
  } failed, at most ${perHour} an hour` + (waiting === 0 ? "" : `; ${waiting} tasks wait for theirs`) +
    (breaker === "closed" ? "" : "; it pauses after failures");
}

function describeContext(view: SlurpContextView, nowMs: number): readonly string[] {
  const fields = view.fields.flatMap(({ name, value, level, source, by }) => [
    `${name.replaceAll("_", " ")}: ${sanitiseLine(typeof value === "string" ? value : value.join(", "), 1_000)}`,
    `  from ${level}, ${source}${by === "model" ? ", summed up by a model" : ""}`,
  ]);
  const oldest = Math.min(...view.slices.map(({ derived_at_ms: atMs }) => atMs));
  const unread = view.slices.reduce((sum, slice) => sum + slice.unread, 0);
  return [
    `Context of ${view.address} for role ${view.role}`,
    ...(fields.length === 0 ? ["Nothing is known that this role may read."] : fields),
    ...(view.decisions.length === 0 ? [] : ["Decisions"]),
    ...view.decisions.map(({ title, outcome, citation }) => `  ${sanitiseLine(title)} (${outcome}) ${citation}`),
    ...(view.slices.length === 0 ? [] : [`Derived ${relativeTime(oldest, nowMs)}`]),
    ...(unread === 0 ? [] : [`The leader could not read ${unread} of the sources`]),
    ...(view.is_complete ? [] : ["Not complete: outer levels or old sources were left out"]),
  ];
}

function describeGraph(view: SlurpGraphView, context: CommandContext): readonly string[] {
  return [
    ...(view.nodes.length === 0 ? ["No decision that this role may read."] : []),
    ...view.nodes.map(({ hops, title, id }) => `${hops} ${title === undefined ? "" : `${sanitiseLine(title)} `}${id}`),
    ...(view.edges.length === 0 ? [] : ["", "Edges"]),
    ...view.edges.map(({ from, to, kind }) => `  ${from} ${kind} ${to}`),
    ...(view.is_complete ? [] : ["Not complete: there are more decisions within these hops"]),
    "",
    "Versions",
    ...view.evolution.map(({ n, written_at_ms: atMs, cited_by: citedBy }) =>
      `  ${n} ${context.format.date(atMs)}${citedBy.length === 0 ? "" : `, ${citedBy.length} decisions stand on it`}`
    ),
  ];
}

function describeAlignment(view: SlurpAlignmentView): readonly string[] {
  return [
    `${view.address} serves the goals by ${view.score} of 1`,
    ...view.goals.flatMap(({ name, weight, score, found, missing }) => [
      `  ${sanitiseLine(name)}: ${score} (weight ${weight})`,
      ...(found.length === 0
        ? []
        : [`    found: ${
          found.map(({ word, field }) => `${sanitiseLine(word)} in ${field.replaceAll("_", " ")}`).join(", ")
        }`]),
      ...(missing.length === 0 ? [] : [`    missing: ${missing.map((word) => sanitiseLine(word)).join(", ")}`]),
    ]),
    `Goals: ${view.goals_source}`,
  ];
}

function describeLetter(letter: DeadLetterView, { clock }: CommandContext): readonly string[] {
  const ago = formatDuration(Math.max(0, clock.nowMs() - letter.failed_at_ms));
  return [
    `Dead letter ${letter.id}: ${letter.project}:${letter.task}`,
    `Given up ${ago} ago in term ${letter.term}, after ${letter.attempts} tries`,
    `${letter.code}: ${sanitiseLine(letter.message, 500)}`,
    ...letter.events.map(({ type, ucxl_reference: reference }) => `  ${type} ${reference}`),
    ...(letter.events.length === 0 ? ["  found by a look at everything"] : []),
  ];
}

/** Derived context. */
export const SLURP_COMMANDS: readonly Command[] = [status, show, graph, align, dlq];
