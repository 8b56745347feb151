import { ApiError } from "@bzzz/http";
import type { ElectionFacade } from "./facade.ts";
import type { ElectionOrderInput } from "./inputs.ts";
import type { ElectionView } from "./views.ts";
import type { FakeMesh } from "./testing.ts";

/** An agent that leads term 3 until somebody orders otherwise; then nobody does. */
export class FakeElection implements ElectionFacade {
  readonly #mesh: Pick<FakeMesh, "agent" | "me" | "append" | "emit">;
  #view: ElectionView;

  constructor(mesh: Pick<FakeMesh, "agent" | "me" | "append" | "emit">) {
    this.#mesh = mesh;
    this.#view = {
      role: "follower",
      term: 3,
      leader: mesh.agent,
      silent_ms: 1_200,
      lease_ms: 15_000,
      is_electable: false,
      candidates: [{ ...mesh.agent, score: 61 }],
    };
  }

  show(): Promise<ElectionView> {
    return Promise.resolve(this.#view);
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async order(order: "trigger" | "step_down", input: ElectionOrderInput): Promise<ElectionView> {
    const { leader, ...vacant } = this.#view;
    if (!leader) throw new ApiError("no_leader", "Cannot end the term: nobody leads");
    this.#mesh.append("election_ordered", { order, term: vacant.term, reason: input.reason }, {
      author: this.#mesh.me,
    });
    this.#view = vacant;
    this.#mesh.emit({ type: "leader", election: vacant });
    return vacant;
  }
}
