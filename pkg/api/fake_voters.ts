import { ApiError } from "@bzzz/http";
import type { VotersFacade } from "./facade.ts";
import type { VotersView } from "./voter_views.ts";

/** `VotersFacade` of a mesh with one voter. */
export class FakeVoters implements VotersFacade {
  readonly view: VotersView = {
    epoch: 1,
    is_changing: false,
    has_quorum: true,
    reachable: 1,
    needed: 1,
    voters: [{ peer_id: "12D3KooWMe", agent_id: "ana", is_self: true, is_reachable: true }],
  };

  show(): Promise<VotersView> {
    return Promise.resolve(this.view);
  }

  add(member: string): Promise<VotersView> {
    this.view.voters.push({ peer_id: member, is_self: false, is_reachable: true });
    return this.show();
  }

  remove(member: string): Promise<VotersView> {
    const index = this.view.voters.findIndex(({ peer_id }) => peer_id === member);
    if (index < 0) throw new ApiError("not_found", `Cannot find "${member}"`);
    this.view.voters.splice(index, 1);
    return this.show();
  }
}
