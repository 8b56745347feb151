import type { Router } from "@bzzz/http";
import type { ElectionFacade } from "../facade.ts";
import { electionOrderSchema } from "../inputs.ts";
import { electionViewSchema } from "../views.ts";

/** Who leads the mesh, and how a person ends a term. */
export function addElectionRoutes(router: Router, election: ElectionFacade): void {
  router.add({
    method: "get",
    path: "/election",
    tag: "election",
    summary: "Who leads, and who would be next",
    response: electionViewSchema,
  }, async () => ({ view: await election.show() }));

  const orders = [
    { path: "/election/trigger", order: "trigger", summary: "End the term; everybody stands again" },
    { path: "/election/step-down", order: "step_down", summary: "End the term; who led comes last" },
  ] as const;
  for (const { path, order, summary } of orders) {
    router.add({
      method: "post",
      path,
      tag: "election",
      summary,
      body: electionOrderSchema,
      response: electionViewSchema,
      errors: ["not_allowed", "no_leader", "term_moved", "no_quorum", "degraded", "store_full"],
    }, async ({ body }) => ({ view: await election.order(order, body) }));
  }
}
