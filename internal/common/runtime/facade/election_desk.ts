import type { AuthorView, ElectionFacade, ElectionOrderInput, ElectionView } from "@bzzz/api";
import { BzzzError, type PeerId } from "@bzzz/base";
import type { ElectionManager, ElectionOrder } from "@bzzz/election";
import type { Journal } from "@bzzz/journal";
import { TOPICS } from "@bzzz/wire";

/** Refusals of an order, by the codes of the API. */
export class ElectionDeskError extends BzzzError<"no_leader" | "term_moved" | "no_quorum" | "not_allowed"> {}

/** What the desk stands on. */
export interface ElectionDeskDeps {
  readonly election: Pick<ElectionManager, "view" | "ranking" | "order">;
  readonly journal: Pick<Journal, "append">;
  /** A peer with its names, as the API shows it. */
  readonly author: (peer: PeerId) => AuthorView;
  /** Throws unless this node's role allows an order; `what` completes "Cannot …". */
  readonly assertMay: (what: string) => void;
}

/** Shows the leadership, and carries out what a person orders. */
export class ElectionDesk implements ElectionFacade {
  readonly #deps: ElectionDeskDeps;

  constructor(deps: ElectionDeskDeps) {
    this.#deps = deps;
  }

  show(): Promise<ElectionView> {
    return Promise.resolve(this.view());
  }

  /** What `show` resolves with. */
  view(): ElectionView {
    const { election, author } = this.#deps;
    const { role, term, leader, silentMs, leaseMs, deposedBy, isElectable } = election.view();
    return {
      role,
      term,
      lease_ms: leaseMs,
      is_electable: isElectable,
      candidates: election.ranking().map(({ peer, score }) => ({ ...author(peer), score })),
      ...(leader ? { leader: author(leader) } : {}),
      ...(silentMs === undefined ? {} : { silent_ms: silentMs }),
      ...(deposedBy ? { deposed_by: author(deposedBy) } : {}),
    };
  }

  /** The order is on disk first: no leader falls without a trace of who wanted it. @throws ElectionDeskError */
  async order(order: ElectionOrder, { reason }: ElectionOrderInput): Promise<ElectionView> {
    const { election, journal, assertMay } = this.#deps;
    assertMay("end the term of the leader");
    const { term, leader } = election.view();
    if (!leader) throw new ElectionDeskError("no_leader", "Cannot end the term: nobody leads");
    const { envelope } = await journal.append({
      kind: "election_ordered",
      topic: TOPICS.election,
      body: { order, term, reason },
    });
    const outcome = await election.order({ type: "depose", term, order, entry: envelope.id });
    if (outcome.type === "decided") return this.view();
    if (outcome.type === "undecided") {
      throw new ElectionDeskError(
        "no_quorum",
        `Cannot end term ${term}: no majority of the voters answered; \`election show\` tells whether it ended`,
      );
    }
    switch (outcome.code) {
      case "term_moved":
        throw new ElectionDeskError("term_moved", `Cannot end term ${term}: it has ended; look who leads now`);
      case "no_leader":
        throw new ElectionDeskError("no_leader", "Cannot end the term: nobody leads any more");
      default:
        throw new ElectionDeskError("not_allowed", `Cannot end term ${term}: the voters refuse it (${outcome.code})`);
    }
  }
}
