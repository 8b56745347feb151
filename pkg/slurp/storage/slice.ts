import { once } from "@bzzz/base";
import {
  addressFault,
  DECISION_OUTCOMES,
  DECISION_TYPES,
  isPattern,
  MAX_ADDRESS_CHARACTERS,
  MAX_CITATIONS,
  parseAddress,
} from "@bzzz/ucxl";
import { z } from "zod";
import { MAX_FIELD_CHARACTERS, MAX_FIELD_ITEMS, MAX_ITEM_CHARACTERS } from "../context/fields.ts";

/** Contents that one slice is derived from; of more, the newest are taken. */
export const MAX_SOURCES = 500;
/** Decisions that one slice names; of more, the newest. */
export const MAX_SLICE_DECISIONS = 100;

const address = once(() =>
  z.string().max(MAX_ADDRESS_CHARACTERS).refine(
    (text) => addressFault(text) === undefined && !isPattern(parseAddress(text)),
    "the address of one thing",
  )
);
const path = once(() => z.string().max(1_024));
const sourceIndex = once(() => z.int().min(0).max(MAX_SOURCES - 1));
const text = once(() =>
  z.object({
    value: z.string().max(2 * MAX_FIELD_CHARACTERS),
    source: sourceIndex(),
    by: z.literal("model").optional(),
  })
);
const names = once(() =>
  z.object({
    value: z.array(z.string().max(MAX_ITEM_CHARACTERS)).max(MAX_FIELD_ITEMS),
    source: sourceIndex(),
  })
);

const sliceSchema = once(() =>
  z.object({
    v: z.literal(1),
    term: z.int().min(1),
    derived_at_ms: z.int().min(0),
    project: z.string().max(128),
    task: z.string().max(128),
    roles: z.array(z.string().max(64)).max(256),
    sources: z.array(address()).max(MAX_SOURCES),
    unread: z.int().min(0),
    is_complete: z.boolean(),
    nodes: z.array(z.object({
      path: path(),
      fields: z.object({
        summary: text().optional(),
        purpose: text().optional(),
        language: text().optional(),
        media_type: text().optional(),
        technologies: names().optional(),
        tags: names().optional(),
      }),
    })).max(2 * MAX_SOURCES),
    decisions: z.array(z.object({
      source: sourceIndex(),
      title: z.string().max(240),
      type: z.enum(DECISION_TYPES),
      outcome: z.enum(DECISION_OUTCOMES),
      cites: z.array(address()).max(MAX_CITATIONS),
    })).max(MAX_SLICE_DECISIONS),
  })
);

/**
 * What the leader of a term derived about a project's task for some roles. `sources` are citations; `source` in a field or a decision is
 * a place among them; `by`: not what rules found there, but what a model made of it. `unread`: sources of which only metadata was known to the leader. `is_complete`: there were not more than
 * `MAX_SOURCES`.
 */
export type Slice = Readonly<z.output<ReturnType<typeof sliceSchema>>>;

/** A slice out of JSON; undefined when it does not have the form, or a field names a source that is not there. */
export function parseSlice(value: unknown): Slice | undefined {
  const parsed = sliceSchema().safeParse(value, { jitless: true });
  if (!parsed.success) return undefined;
  const slice = parsed.data;
  const count = slice.sources.length;
  const isSound =
    slice.nodes.every(({ fields }) => Object.values(fields).every((field) => !field || field.source < count)) &&
    slice.decisions.every(({ source }) => source < count);
  return isSound ? slice : undefined;
}

/** Whether two slices say the same: who derived them when plays no part. */
export function isSameSlice(a: Slice, b: Slice): boolean {
  const plain = ({ term: _, derived_at_ms: __, ...rest }: Slice) => JSON.stringify(rest);
  return plain(a) === plain(b);
}
