import type { PeerId } from "@bzzz/base";
import type { ElectionManager } from "@bzzz/election";
import type { HealthCheck } from "@bzzz/health";

/** A leader counts as gone when its lease is over (`view`); for the election itself a few seconds are plenty. */
const PATIENCE = { intervalMs: 1_000, failureThreshold: 5 } as const;

/**
 * Without a leader the node is degraded: claims go on, but what only a leader does waits. A term that changes hands is not
 * news, one that nobody takes is. Where nobody stands, nobody is missed.
 */
export function leaderCheck(
  election: Pick<ElectionManager, "view" | "ranking">,
  nameOf: (peer: PeerId) => string,
): HealthCheck {
  return {
    name: "leader",
    critical: false,
    ...PATIENCE,
    run: () => {
      const { term, leader } = election.view();
      if (leader) return { ok: true, detail: `${nameOf(leader)} leads term ${term}` };
      if (election.ranking().length === 0) return { ok: true, detail: "nobody stands for election" };
      const last = term === 0 ? "there was no term yet" : `the last term was ${term}`;
      return { ok: false, code: "no_leader", message: `Nobody leads the mesh: ${last}` };
    },
  };
}
