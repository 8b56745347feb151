import type { Role } from "@bzzz/crypto";
import { type Address, addressKey, parseConcrete } from "@bzzz/ucxl";
import type { SliceReader } from "../distribution/slice_reader.ts";
import type { Slice } from "../storage/slice.ts";
import { cascade } from "./cascade.ts";
import type { FieldName, FieldValue } from "./fields.ts";
import { type Level, levelsOf, levelText, type Subject, subjectKey } from "./levels.ts";

/** A value, and from where it came. */
export interface ResolvedField {
  readonly value: FieldValue;
  /** The level whose word it is. */
  readonly level: string;
  /** Citation of the content that says so. */
  readonly source: string;
  /** A model made it of the source; otherwise rules found it there. */
  readonly by?: "model";
}

/** A decision that has to do with an address. */
export interface ResolvedDecision {
  readonly citation: string;
  readonly title: string;
  readonly type: string;
  readonly outcome: string;
}

/** What one derivation contributed. */
export interface SliceNote {
  readonly subject: string;
  readonly term: number;
  readonly derivedAtMs: number;
  readonly sources: number;
  readonly unread: number;
  readonly isComplete: boolean;
}

/** What a reader of a role needs to know about an address. */
export interface ResolvedContext {
  readonly address: string;
  readonly role: Role;
  readonly fields: Readonly<Partial<Record<FieldName, ResolvedField>>>;
  readonly decisions: readonly ResolvedDecision[];
  /** The levels that were looked at, outermost first. */
  readonly levels: readonly string[];
  readonly slices: readonly SliceNote[];
  /** False when the depth left out outer levels, or a derivation its oldest sources. */
  readonly isComplete: boolean;
}

/** Resolves addresses for a role from the slices that this node reads. */
export class ContextResolver {
  readonly #slices: Pick<SliceReader, "forRole">;
  readonly #options: { readonly maxDepth: number };

  constructor(deps: { readonly slices: Pick<SliceReader, "forRole"> }, options: { readonly maxDepth: number }) {
    this.#slices = deps.slices;
    this.#options = options;
  }

  /**
   * What `role` needs to know about an address, merged from the mesh down to it: the child's word counts. Decisions about an address are
   * those that cite it or something below it; about a task, all of it.
   */
  async resolve(
    address: Address,
    role: Role,
    options: { readonly maxDepth?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ResolvedContext> {
    const { levels, isComplete } = levelsOf(address, Math.min(options.maxDepth ?? Infinity, this.#options.maxDepth));
    const slices = new Map<string, Slice>();
    for (const level of levels) {
      const key = subjectKey(level);
      if (slices.has(key)) continue;
      const found = await this.#slices.forRole(level, role, options);
      if (found) slices.set(key, found.slice);
    }
    const fields = levels.map((level) => fieldsAt(level, slices.get(subjectKey(level))));
    const own = slices.get(subjectKey(address));
    return {
      address: addressKey(address),
      role,
      fields: cascade(fields),
      decisions: own ? decisionsAbout(address, own) : [],
      levels: levels.map(levelText),
      slices: [...slices].map(([subject, slice]) => ({
        subject,
        term: slice.term,
        derivedAtMs: slice.derived_at_ms,
        sources: slice.sources.length,
        unread: slice.unread,
        isComplete: slice.is_complete,
      })),
      isComplete: isComplete && [...slices.values()].every((slice) => slice.is_complete),
    };
  }
}

function fieldsAt(level: Level, slice: Slice | undefined): Partial<Record<FieldName, ResolvedField>> {
  const node = slice?.nodes.find(({ path }) => path === level.path);
  if (!slice || !node) return {};
  return Object.fromEntries(
    Object.entries(node.fields).flatMap(([name, field]) =>
      field
        ? [[name, {
          value: field.value,
          level: levelText(level),
          source: slice.sources[field.source] ?? "",
          ...("by" in field && field.by ? { by: field.by } : {}),
        }]]
        : []
    ),
  );
}

function decisionsAbout(address: Address, slice: Slice): readonly ResolvedDecision[] {
  return slice.decisions
    .filter(({ source, cites }) =>
      address.path === "" || isWithin(address, slice.sources[source] ?? "") || cites.some((it) => isWithin(address, it))
    )
    .map(({ source, title, type, outcome }) => ({ citation: slice.sources[source] ?? "", title, type, outcome }));
}

/** Whether a citation is about what lies at or below an address, whoever wrote it. */
function isWithin({ project, task, path }: Subject & Pick<Address, "path">, citation: string): boolean {
  const cited = parseConcrete(citation); // the codec proved that it is one
  return cited.project === project && cited.task === task && (cited.path === path || cited.path.startsWith(`${path}/`));
}
