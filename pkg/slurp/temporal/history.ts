import {
  citationOf,
  ContextError,
  type DecisionDesk,
  type DecisionView,
  type Version,
  type VersionIndex,
} from "@bzzz/context";
import { type Address, addressKey, type Decision, parseConcrete } from "@bzzz/ucxl";
import { DecisionGraph, type GraphDirection, type Neighbourhood } from "./decision_graph.ts";

/** Decisions that a graph is made of; of more, those first in order of address. */
const MAX_DECISIONS = 1_000;
/** Nodes that are told of a neighbourhood. */
const MAX_NODES = 500;
/** Versions of an address that are told, the newest. */
const MAX_VERSIONS = 50;

/** A version of an address with the decisions that stand on it. */
export interface EvolutionStep {
  readonly version: Version;
  readonly citation: string;
  /** Addresses of decisions. */
  readonly citedBy: readonly string[];
}

/** An address in time: its versions, and the decisions around it. */
export interface TemporalView extends Neighbourhood {
  /** The newest versions, oldest first. */
  readonly evolution: readonly EvolutionStep[];
}

type ReadableDecision = DecisionView & { readonly decision: Decision };

/** Answers what led to an address and what is affected by it, from the decisions that this node may read. */
export class DecisionHistory {
  readonly #deps: {
    readonly index: Pick<VersionIndex, "history" | "latest">;
    readonly decisions: Pick<DecisionDesk, "list">;
  };

  constructor(
    deps: { readonly index: Pick<VersionIndex, "history" | "latest">; readonly decisions: Pick<DecisionDesk, "list"> },
  ) {
    this.#deps = deps;
  }

  /** What lies within `hops` decisions of an address. @throws ContextError "not_found" when nothing was ever written there */
  async around(
    address: Address,
    options: { readonly hops: number; readonly direction: GraphDirection },
  ): Promise<TemporalView> {
    const key = addressKey(address);
    const latest = this.#deps.index.latest(address);
    if (!latest) throw new ContextError("not_found", `Cannot look around "${key}": this node knows no version of it`);
    const views = await this.#deps.decisions.list({
      limit: MAX_DECISIONS,
      accepts: ({ decision }) => decision !== undefined,
    });
    const readable = views.filter((view): view is ReadableDecision => view.decision !== undefined);
    const known = new Set(readable.map(({ version }) => addressKey(version.address)));
    const graph = new DecisionGraph(readable.map((view) => graphDecision(view, known)));
    const cited = new Set(
      readable.flatMap(({ decision }) => decision.citations.map((citation) => citation.address))
        .filter((citation) => addressKey(parseConcrete(citation)) === key),
    );
    const near = graph.within([key, ...cited], { ...options, maxNodes: MAX_NODES });
    return { ...near, evolution: this.#evolution(latest, readable) };
  }

  #evolution(latest: Version, decisions: readonly ReadableDecision[]): readonly EvolutionStep[] {
    const from = Math.max(1, latest.total - MAX_VERSIONS + 1);
    return this.#deps.index.history(latest.address, { from, limit: MAX_VERSIONS }).map((version) => {
      const revision = version.content?.revision;
      const citedBy = revision === undefined ? [] : decisions
        .filter(({ decision }) => decision.citations.some((citation) => citation.address.includes(`rev=${revision}`)))
        .map(({ version }) => addressKey(version.address));
      return { version, citation: citationOf(version), citedBy };
    });
  }
}

function graphDecision({ version, decision }: ReadableDecision, known: ReadonlySet<string>) {
  return {
    address: addressKey(version.address),
    title: decision.title,
    atMs: version.writtenAt.ms,
    cites: decision.citations.map((citation) => {
      const key = addressKey(parseConcrete(citation.address));
      return known.has(key) ? key : citation.address;
    }),
    supersedes: decision.supersedes === undefined ? undefined : addressKey(parseConcrete(decision.supersedes)),
  };
}
