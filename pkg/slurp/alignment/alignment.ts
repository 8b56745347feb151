import type { FieldName, FieldValue } from "../context/fields.ts";
import type { Goal } from "./goals.ts";

/** How well something serves one goal, and by what. */
export interface GoalMatch {
  readonly name: string;
  readonly weight: number;
  /** 0 to 1. */
  readonly score: number;
  /** Words of the goal that were found, each with the field where. */
  readonly found: readonly { readonly word: string; readonly field: FieldName }[];
  readonly missing: readonly string[];
}

/** How well something serves the goals. */
export interface Alignment {
  /** 0 to 1: the weighted mean over the goals. */
  readonly score: number;
  /** The best first. */
  readonly goals: readonly GoalMatch[];
}

/** A tag says on purpose what a keyword may say by chance. */
const TAG_WEIGHT = 2;

/**
 * How much of what the goals name is found in the facts about an address. A tag of a goal counts twice as much as a keyword, and is looked
 * for among tags and technologies; a keyword anywhere, as whole words, whatever the case. Pure, and every number can be traced to words.
 */
export function alignmentOf(
  fields: Readonly<Partial<Record<FieldName, { readonly value: FieldValue }>>>,
  goals: readonly Goal[],
): Alignment {
  const words = wordsByField(fields);
  const matches = goals.map((goal) => matchOf(goal, words)).sort((a, b) => b.score - a.score || b.weight - a.weight);
  const weight = matches.reduce((sum, match) => sum + match.weight, 0);
  const score = matches.reduce((sum, match) => sum + match.weight * match.score, 0) /
    Math.max(weight, Number.MIN_VALUE);
  return { score: rounded(score), goals: matches };
}

function matchOf(goal: Goal, words: ReadonlyMap<FieldName, string>): GoalMatch {
  const found: { word: string; field: FieldName }[] = [];
  const missing: string[] = [];
  let reached = 0;
  let possible = 0;
  const look = (word: string, worth: number, fields: Iterable<FieldName>) => {
    possible += worth;
    const field = [...fields].find((name) => words.get(name)?.includes(` ${normal(word)} `));
    if (field === undefined) return void missing.push(word);
    reached += worth;
    found.push({ word, field });
  };
  for (const tag of new Set(goal.tags)) look(tag, TAG_WEIGHT, ["tags", "technologies"]);
  for (const keyword of new Set(goal.keywords)) look(keyword, 1, words.keys());
  return {
    name: goal.name,
    weight: goal.weight,
    score: possible === 0 ? 0 : rounded(reached / possible),
    found,
    missing,
  };
}

/** Each field as words between single spaces, one at both ends. */
function wordsByField(fields: Parameters<typeof alignmentOf>[0]): ReadonlyMap<FieldName, string> {
  const entries = Object.entries(fields) as [FieldName, { value: FieldValue }][]; // the names are those of the type
  return new Map(entries.map(([name, { value }]) => [
    name,
    typeof value === "string" ? ` ${normal(value)} ` : value.map((item) => ` ${normal(item)} `).join(""),
  ]));
}

function normal(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
