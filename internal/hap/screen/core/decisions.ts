/**
 * The log of decisions: what is open, what was decided, and the votes of the one that is looked at.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import type { DecisionDetailView, DecisionItemView } from "@bzzz/ucxi";
import type { Load } from "./browser.ts";
import type { Effect, Step } from "./events.ts";
import { decisionRows, selectedIndex, withList } from "./lists.ts";
import type { Model } from "./model.ts";

/** What is known of decisions. */
export interface DecisionsState {
  /** In the order of the log: what is open first, what closes next on top; then what was decided, newest first. */
  readonly items: readonly DecisionItemView[];
  readonly load: Load;
  /** The decision whose votes were asked for last. */
  readonly wanted: string | undefined;
  readonly detail: DecisionDetailView | undefined;
}

/** Nothing was read yet. */
export const EMPTY_DECISIONS: DecisionsState = {
  items: [],
  load: { state: "loading" },
  wanted: undefined,
  detail: undefined,
};

/** The selected decision; with its votes, where they are read. */
export function selectedDecision(
  model: Model,
): { readonly item: DecisionItemView; readonly detail?: DecisionDetailView } | undefined {
  const item = decisionRows(model)[selectedIndex(model, "decisions")];
  if (!item) return undefined;
  const { detail } = model.decisions;
  return detail?.version.address === item.version.address ? { item, detail } : { item };
}

/** The list was read; the votes of the selected one are read anew. */
export function decisionsRead(model: Model, items: readonly DecisionItemView[]): Model {
  const there: Model = {
    ...model,
    decisions: { ...model.decisions, items: inOrder(items), load: { state: "loaded" }, wanted: undefined },
  };
  const row = decisionRows(there)[selectedIndex(there, "decisions")];
  return withList(there, "decisions", { selectedId: row?.version.address });
}

/** They could not be read; what was read stays. */
export function decisionsUnread(model: Model, problem: string): Model {
  return {
    ...model,
    decisions: { ...model.decisions, load: { state: "failed", problem: sanitiseLine(problem, 300) } },
  };
}

/** One was read with its votes: what the list says of it is as new. */
export function decisionRead(model: Model, detail: DecisionDetailView): Model {
  const { address } = detail.version;
  const items = model.decisions.items.map((item) => item.version.address === address ? detail : item);
  return {
    ...model,
    decisions: { ...model.decisions, items: inOrder(items), ...(model.decisions.wanted === address ? { detail } : {}) },
  };
}

/** Asks for the votes of the decision that is selected now, once. */
export function withVotes(step: Step<Model>): Step<Model> {
  const { model } = step;
  if (model.place !== "decisions") return step;
  const address = selectedDecision(model)?.item.version.address;
  if (address === undefined || address === model.decisions.wanted) return step;
  const effect: Effect = { type: "read_decision", address };
  return {
    model: { ...model, decisions: { ...model.decisions, wanted: address } },
    effects: [...step.effects, effect],
  };
}

function inOrder(items: readonly DecisionItemView[]): DecisionItemView[] {
  const closesAtMs = (item: DecisionItemView) => item.record?.voting?.closes_at_ms ?? Number.MAX_SAFE_INTEGER;
  return items.toSorted((a, b) =>
    Number(b.state === "open") - Number(a.state === "open") ||
    (a.state === "open" ? closesAtMs(a) - closesAtMs(b) : b.version.written_at_ms - a.version.written_at_ms) ||
    (a.version.address < b.version.address ? -1 : 1)
  );
}
