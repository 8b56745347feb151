import { ApiError } from "@bzzz/http";
import { parseConcrete } from "@bzzz/ucxl";
import type { SlurpFacade } from "./slurp_facade.ts";
import type {
  DeadLetterView,
  ReplayView,
  SlurpAlignmentView,
  SlurpContextQuery,
  SlurpContextView,
  SlurpGraphQuery,
  SlurpGraphView,
  SlurpStatusView,
} from "./slurp_views.ts";

const PLAN = "ucxl://basil:developer@shop:pay/@2026-11-22T18:00:00Z/plan.md?rev=" + "ab".repeat(32);
const QUEUE = "ucxl://basil:developer@shop:pay/*^/decisions/queue.json";

/** Derived context for tests of clients: one plan, one decision, one dead letter. */
export class FakeSlurp implements SlurpFacade {
  /** Whether this node leads. */
  isLeader = true;
  letters: DeadLetterView[] = [{
    id: "0a1b2c3d4e5f",
    project: "shop",
    task: "pay",
    code: "sources_missing",
    message: "Cannot derive all of shop:pay: of 1 of 2 contents no node in reach has a copy",
    attempts: 4,
    failed_at_ms: Date.UTC(2026, 10, 22, 18),
    term: 3,
    events: [{
      idempotency_key: "cd".repeat(32),
      type: "context_written",
      ucxl_agent: "basil",
      ucxl_role: "developer",
      ucxl_project: "shop",
      ucxl_task: "pay",
      ucxl_path: "plan.md",
      ucxl_reference: PLAN,
      content_hash: "ef".repeat(32),
    }],
  }];
  /** Of the last question. */
  lastQuery: unknown;

  status(): Promise<SlurpStatusView> {
    return Promise.resolve({
      is_enabled: true,
      state: this.isLeader ? "idle" : "off",
      ...(this.isLeader ? { term: 3 } : {}),
      leader: { peer_id: "12D3KooWAgent", agent_id: "agent-7f3a", role: "developer" },
      queued: 0,
      replaying: 0,
      breaker: "closed",
      dead_letters: this.letters.length,
      counters: { derived: 2, slices_written: 1, slices_unchanged: 1 },
      cache: { hits: 5, misses: 1 },
      ...(this.isLeader ? { summaries: { by: "process:sum", breaker: "open", per_hour: 60, waiting: 2 } } : {}),
    });
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async context(query: SlurpContextQuery): Promise<SlurpContextView> {
    this.lastQuery = query;
    parseConcrete(query.address);
    return {
      address: query.address,
      role: "developer",
      fields: [
        {
          name: "summary",
          value: "Nobody pays \u001b[31mtwice.",
          level: "shop:pay/plan.md",
          source: PLAN,
          by: "model",
        },
        { name: "tags", value: ["checkout", "payment"], level: "shop:pay", source: PLAN },
      ],
      decisions: [{ citation: QUEUE, title: "Use a queue", type: "architectural", outcome: "structural_change" }],
      levels: ["global:global", "shop:project", "shop:pay", "shop:pay/plan.md"],
      slices: [{ subject: "shop:pay", term: 3, derived_at_ms: 0, sources: 2, unread: 1, is_complete: true }],
      is_complete: true,
    };
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async graph(query: SlurpGraphQuery): Promise<SlurpGraphView> {
    this.lastQuery = query;
    parseConcrete(query.address);
    return {
      nodes: [{ id: PLAN, kind: "version", hops: 0 }, { id: QUEUE, kind: "decision", title: "Use a queue", hops: 1 }],
      edges: [{ from: QUEUE, to: PLAN, kind: "cites" }],
      is_complete: true,
      evolution: [{ n: 1, citation: PLAN, written_at_ms: Date.UTC(2026, 10, 22, 18), cited_by: [QUEUE] }],
    };
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async alignment(address: string): Promise<SlurpAlignmentView> {
    if (address.includes("@bank:")) {
      throw new ApiError("not_found", 'Cannot compare with goals: this node reads none of project "bank"');
    }
    return {
      address,
      score: 0.5,
      goals_source: PLAN,
      goals: [{
        name: "Pay once",
        weight: 1,
        score: 0.5,
        found: [{ word: "twice", field: "summary" }],
        missing: ["never"],
      }],
    };
  }

  deadLetters(): Promise<readonly DeadLetterView[]> {
    return Promise.resolve(this.letters);
  }

  deadLetter(id: string): Promise<DeadLetterView | undefined> {
    return Promise.resolve(this.letters.find((letter) => letter.id === id));
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async replay(id: string | undefined): Promise<ReplayView> {
    if (!this.isLeader) throw new ApiError("not_the_leader", "Cannot try again: this node does not lead");
    const found = this.letters.filter((letter) => id === undefined || letter.id === id);
    if (found.length === 0) throw new ApiError("not_found", `Cannot try "${id}" again: there is no such dead letter`);
    this.letters = this.letters.filter((letter) => !found.includes(letter));
    return { waiting: found.length };
  }
}
