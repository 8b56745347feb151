/** A decision, or a version that one cites. */
export interface GraphNode {
  /** Address of a decision; citation (with revision) of a version. */
  readonly id: string;
  readonly kind: "decision" | "version";
  readonly title: string | undefined;
  readonly atMs: number | undefined;
}

/** From what came later to what it stands on. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "cites" | "supersedes";
}

/** A decision as the graph needs it. */
export interface GraphDecision {
  readonly address: string;
  readonly title: string;
  readonly atMs: number;
  /** What it cites, each with the decision that is there, if one is, and otherwise as it is cited. */
  readonly cites: readonly string[];
  readonly supersedes: string | undefined;
}

/** Which way hops go: to what led here, to what is affected by it, or both. */
export type GraphDirection = "causes" | "effects" | "both";

/** A part of the graph around some nodes. */
export interface Neighbourhood {
  /** Nearest first; `hops` counts edges from the nearest start. */
  readonly nodes: readonly (GraphNode & { readonly hops: number })[];
  /** Between these nodes. */
  readonly edges: readonly GraphEdge[];
  /** False when a bound left out nodes that are near enough. */
  readonly isComplete: boolean;
}

/**
 * Decisions and what they stand on. Distance is counted in decisions, not in days: what is two hops away matters as much after a year.
 * Immutable; cycles are no harm.
 */
export class DecisionGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #edges: readonly GraphEdge[];
  readonly #out = new Map<string, GraphEdge[]>();
  readonly #in = new Map<string, GraphEdge[]>();

  constructor(decisions: readonly GraphDecision[]) {
    const edges: GraphEdge[] = [];
    for (const { address: id, title, atMs } of decisions) this.#nodes.set(id, { id, kind: "decision", title, atMs });
    for (const { address: from, cites, supersedes } of decisions) {
      for (const to of new Set(cites)) edges.push({ from, to, kind: "cites" });
      if (supersedes !== undefined) edges.push({ from, to: supersedes, kind: "supersedes" });
    }
    for (const edge of edges) {
      const { from, to } = edge;
      if (!this.#nodes.has(to)) this.#nodes.set(to, { id: to, kind: "version", title: undefined, atMs: undefined });
      this.#out.set(from, [...this.#out.get(from) ?? [], edge]);
      this.#in.set(to, [...this.#in.get(to) ?? [], edge]);
    }
    this.#edges = edges;
  }

  /** What lies within `hops` of `starts`, breadth first, at most `maxNodes`. Starts that are not in the graph are left out. */
  within(
    starts: readonly string[],
    options: { readonly hops: number; readonly direction: GraphDirection; readonly maxNodes: number },
  ): Neighbourhood {
    const { hops, direction, maxNodes } = options;
    const reached = new Map<string, number>();
    let isComplete = true;
    const visit = (id: string, distance: number): boolean => {
      if (reached.has(id) || !this.#nodes.has(id)) return false;
      if (reached.size === maxNodes) isComplete = false;
      else reached.set(id, distance);
      return isComplete;
    };
    let frontier = starts.filter((id) => visit(id, 0));
    for (let distance = 1; distance <= hops && frontier.length > 0 && isComplete; distance++) {
      frontier = frontier.flatMap((id) => this.#next(id, direction)).filter((id) => visit(id, distance));
    }
    return {
      nodes: [...reached].flatMap(([id, distance]) => {
        const node = this.#nodes.get(id);
        return node ? [{ ...node, hops: distance }] : [];
      }),
      edges: this.#edges.filter(({ from, to }) => reached.has(from) && reached.has(to)),
      isComplete,
    };
  }

  #next(id: string, direction: GraphDirection): readonly string[] {
    return [
      ...(direction === "effects" ? [] : (this.#out.get(id) ?? []).map(({ to }) => to)),
      ...(direction === "causes" ? [] : (this.#in.get(id) ?? []).map(({ from }) => from)),
    ];
  }
}
