import type { DeadLetterView, SlurpAlignmentView, SlurpContextView, SlurpGraphView, SlurpStatusView } from "@bzzz/api";
import { nameOf, relativeTime } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { TimeFormat } from "../types.ts";
import { formatDuration } from "../values.ts";

/** How deriving stands, as harmless lines. `nowMs` is wall time. */
export function describeSlurpStatus(view: SlurpStatusView, nowMs: number): readonly string[] {
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

/** What a role needs to know, each value with its source, as harmless lines. */
export function describeSlurpContext(view: SlurpContextView, nowMs: number): readonly string[] {
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

/** The decisions around an address, as harmless lines. */
export function describeSlurpGraph(view: SlurpGraphView, format: TimeFormat): readonly string[] {
  return [
    ...(view.nodes.length === 0 ? ["No decision that this role may read."] : []),
    ...view.nodes.map(({ hops, title, id }) => `${hops} ${title === undefined ? "" : `${sanitiseLine(title)} `}${id}`),
    ...(view.edges.length === 0 ? [] : ["", "Edges"]),
    ...view.edges.map(({ from, to, kind }) => `  ${from} ${kind} ${to}`),
    ...(view.is_complete ? [] : ["Not complete: there are more decisions within these hops"]),
    "",
    "Versions",
    ...view.evolution.map(({ n, written_at_ms: atMs, cited_by: citedBy }) =>
      `  ${n} ${format.date(atMs)}${citedBy.length === 0 ? "" : `, ${citedBy.length} decisions stand on it`}`
    ),
  ];
}

/** How well an address serves goals, word by word, as harmless lines. */
export function describeSlurpAlignment(view: SlurpAlignmentView): readonly string[] {
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

/** A derivation that was given up, as harmless lines. */
export function describeDeadLetter(letter: DeadLetterView, nowMs: number): readonly string[] {
  const ago = formatDuration(Math.max(0, nowMs - letter.failed_at_ms));
  return [
    `Dead letter ${letter.id}: ${letter.project}:${letter.task}`,
    `Given up ${ago} ago in term ${letter.term}, after ${letter.attempts} tries`,
    `${letter.code}: ${sanitiseLine(letter.message, 500)}`,
    ...letter.events.map(({ type, ucxl_reference: reference }) => `  ${type} ${reference}`),
    ...(letter.events.length === 0 ? ["  found by a look at everything"] : []),
  ];
}
