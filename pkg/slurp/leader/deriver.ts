import type { Clock } from "@bzzz/base";
import type { ContextStore, Version, VersionIndex } from "@bzzz/context";
import type { RoleSet } from "@bzzz/crypto";
import { ANY, LATEST } from "@bzzz/ucxl";
import { SLICE_PATH, SLURP_AGENT } from "../constants.ts";
import { deriveNodes } from "../context/derive.ts";
import { type Subject, subjectKey } from "../context/levels.ts";
import { planSlices, type SlicePlan } from "../distribution/audiences.ts";
import type { SliceReader } from "../distribution/slice_reader.ts";
import { SlurpError } from "../errors.ts";
import type { ReadSource, SourceReader } from "../intelligence/source_reader.ts";
import type { Directness } from "../intelligence/types.ts";
import { isSameSlice, MAX_SLICE_DECISIONS, MAX_SOURCES, type Slice } from "../storage/slice.ts";
import { encodeSlice } from "../storage/slice_codec.ts";
import { isSlice } from "./events.ts";

/** Places of a subject that are looked at; sources are the newest of them. */
const MAX_PLACES = 5_000;
const RANK: Readonly<Record<Directness, number>> = { itself: 0, readme: 1, declared: 2 };

/** A term that this node leads; the election's fits. */
export interface HeldTerm {
  readonly term: number;
  /** Aborts when it leads no more. */
  readonly signal: AbortSignal;
  /** Whether the lease runs at this very moment. */
  isHeld(): boolean;
}

/** What a deriver stands on. */
export interface DeriverDeps {
  readonly index: Pick<VersionIndex, "list">;
  readonly context: Pick<ContextStore, "put">;
  readonly sources: Pick<SourceReader, "beginDerivation" | "read">;
  readonly slices: Pick<SliceReader, "all">;
  readonly roles: () => RoleSet;
  readonly clock: Pick<Clock, "nowMs">;
}

/** What became of one subject. */
export interface Derived {
  readonly written: number;
  readonly unchanged: number;
}

/**
 * Derives the slices of a subject from what its addresses hold now, and writes those that say something new. Deriving it again, by the
 * same leader or the next, writes nothing: that is why a queue that is lost with its leader loses nothing and does nothing twice.
 */
export class Deriver {
  readonly #deps: DeriverDeps;

  constructor(deps: DeriverDeps) {
    this.#deps = deps;
  }

  /**
   * @throws SlurpError "term_over"; "sources_missing" after everything else was written; what reading and writing are refused with
   */
  async derive(subject: Subject, held: HeldTerm, options: { readonly signal: AbortSignal }): Promise<Derived> {
    const { signal } = options;
    const { versions, isComplete } = this.#sourcesOf(subject);
    const existing = await this.#deps.slices.all(subject, { signal });
    const summaries = summariesIn(existing.flatMap(({ slice }) => slice ?? []));
    this.#deps.sources.beginDerivation();
    const sources: (ReadSource & { readonly audience: readonly string[] })[] = [];
    for (const version of versions) {
      const source = await this.#deps.sources.read(version, { signal, summaries });
      sources.push({ ...source, audience: version.content?.audience ?? [] });
    }
    const plans = planSlices(this.#deps.roles(), sources);
    let written = 0;
    let unchanged = 0;
    const write = async (place: string, audience: readonly string[], slice: Slice) => {
      const known = existing.find((one) => one.place === place);
      if (known?.slice && isSameSlice(known.slice, slice)) return void unchanged++;
      // sealed for the same roles, and not to be opened here: derived by a leader that reads more than this one
      if (known?.isDenied && isSameAudience(known.version, audience)) return void unchanged++;
      if (signal.aborted || !held.isHeld()) {
        throw new SlurpError("term_over", "Cannot write what was derived: the term is over");
      }
      await this.#deps.context.put(
        {
          agent: SLURP_AGENT,
          role: place,
          project: subject.project,
          task: subject.task,
          temporal: LATEST,
          path: SLICE_PATH,
        },
        { ...await encodeSlice(slice), audience },
      );
      written++;
    };
    const shared = { subject, term: held.term, atMs: Math.floor(this.#deps.clock.nowMs()), isComplete };
    const places = new Set<string>();
    for (const plan of plans) {
      const place = plan.audience[0] ?? "";
      places.add(place);
      await write(place, plan.audience, sliceOf(shared, plan));
    }
    for (const { place, slice, version } of existing) {
      // roles that read this one have another now, or nothing is left of it
      if (places.has(place) || !slice || slice.roles.length === 0) continue;
      await write(place, version.content?.audience ?? [], sliceOf(shared, { roles: [], sources: [] }));
    }
    const missing = sources.filter(({ state }) => state === "missing").length;
    if (missing > 0) {
      throw new SlurpError(
        "sources_missing",
        `Cannot derive all of ${
          subjectKey(subject)
        }: of ${missing} of ${sources.length} contents no node in reach has a copy`,
        { details: { missing, sources: sources.length } },
      );
    }
    return { written, unchanged };
  }

  /** The newest versions of what lies in a subject, in the order in which they were written. */
  #sourcesOf({ project, task }: Subject): { readonly versions: readonly Version[]; readonly isComplete: boolean } {
    const pattern = { agent: ANY, role: ANY, project, task, temporal: LATEST, path: "" };
    const { items, next } = this.#deps.index.list(pattern, {
      limit: MAX_PLACES,
      accepts: (version) => version.content !== undefined && !isSlice(version),
    });
    const ordered = items.toSorted((a, b) =>
      a.writtenAt.ms - b.writtenAt.ms || a.writtenAt.counter - b.writtenAt.counter || (a.entry < b.entry ? -1 : 1)
    );
    return { versions: ordered.slice(-MAX_SOURCES), isComplete: next === undefined && ordered.length <= MAX_SOURCES };
  }
}

function sliceOf(
  of: { readonly subject: Subject; readonly term: number; readonly atMs: number; readonly isComplete: boolean },
  plan: Pick<SlicePlan<ReadSource & { readonly audience: readonly string[] }>, "roles" | "sources">,
): Slice {
  const { sources, roles } = plan;
  return {
    v: 1,
    term: of.term,
    derived_at_ms: of.atMs,
    ...of.subject,
    roles: [...roles],
    sources: sources.map(({ citation }) => citation),
    unread: sources.filter(({ state }) => state !== "read").length,
    is_complete: of.isComplete,
    nodes: deriveNodes(
      sources.map(({ findings }) => findings.map((finding) => ({ ...finding, rank: RANK[finding.directness] }))),
    ).map(({ path, fields }) => ({ path, fields })) as Slice["nodes"], // a list field holds a list, as extractors make them
    decisions: sources.flatMap(({ decision }, source) =>
      decision
        ? [{
          source,
          title: decision.title,
          type: decision.type,
          outcome: decision.outcome,
          cites: decision.citations.map(({ address }) => address),
        }]
        : []
    ).slice(-MAX_SLICE_DECISIONS),
  };
}

/** What a model of this leader or an earlier one has said, by the citation of what it summed up: it is not asked twice. */
function summariesIn(slices: readonly Slice[]): ReadonlyMap<string, string> {
  return new Map(
    slices.flatMap(({ sources, nodes }) =>
      nodes.flatMap(({ fields: { summary } }): [string, string][] =>
        summary?.by === "model" ? [[sources[summary.source] ?? "", summary.value]] : []
      )
    ),
  );
}

function isSameAudience({ content }: Version, audience: readonly string[]): boolean {
  return [...content?.audience ?? []].sort().join() === [...audience].sort().join();
}
