import type { ElectionView, MemberView, VotersView } from "@bzzz/api";
import { describeElection, nameOf, sanitiseLine } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Filled } from "../take_form.ts";
import { SelectField, TextField } from "./field.tsx";

/** Parts of the place about the mesh, in their order. */
export const MESH_PARTS = [
  { href: "/mesh", name: "Leadership and voters" },
  { href: "/mesh/members", name: "Members" },
  { href: "/mesh/invites", name: "Invites" },
  { href: "/mesh/roles", name: "Roles" },
] as const;

/** The ways between the parts of the place about the mesh. */
export function MeshNav({ now }: { readonly now: (typeof MESH_PARTS)[number]["href"] }): Html {
  return (
    <nav aria-label="The mesh">
      <ul>
        {MESH_PARTS.map(({ href, name }) => (
          <li>
            <a href={href} aria-current={href === now ? "page" : undefined}>{name}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Says why there is no form, where only an admin's node may do something. */
export function AdminsOnly({ what, level }: { readonly what: string; readonly level: string }): Html {
  return (
    <p class="quiet">
      {what} takes a role of level master; this node's is of level <Said text={level} />.
    </p>
  );
}

/** Who leads, who would be next, and who votes. */
export function Standings({ election, voters }: {
  readonly election: ElectionView;
  readonly voters: VotersView;
}): Html {
  return (
    <>
      <SaidBlock label="Who leads" text={describeElection(election).join("\n")} />
      <h2>Voters</h2>
      {voters.epoch === 0 ? <p class="quiet">They are not known here yet: this node has met none of them.</p> : (
        <>
          <p class={voters.has_quorum ? "" : "high"}>
            {voters.reachable} of {voters.voters.length} can be reached, {voters.needed} are needed:{" "}
            {voters.has_quorum ? "decisions can be made" : "NO QUORUM: no claims, no elections"}
            {voters.is_changing ? "; a change is being carried out" : ""}
          </p>
          <ul class="list">
            {voters.voters.map((voter) => (
              <li>
                <Said text={nameOf(voter)} />
                {voter.is_self ? " (you)" : ""}, {voter.is_reachable ? "can be reached" : "cannot be reached"}{" "}
                <span class="quiet">…{sanitiseLine(voter.peer_id.slice(-8))}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** Ends the term of the leader. */
export function OrderForm({ leader, form, filled }: {
  readonly leader: string;
  readonly form: string;
  readonly filled: Filled;
}): Html {
  return (
    <section aria-labelledby="order-title">
      <h2 id="order-title">End the term</h2>
      <p>Running tasks go on. The order and its reason are in the history before the voters hear of it.</p>
      <form method="post" action="/mesh/election" autocomplete="off">
        <input type="hidden" name="form" value={form} />
        <TextField id="reason" label="Why (kept in the history)" filled={filled} rows={2} />
        <label for="confirm">
          Type yes to end the term of {sanitiseLine(leader)}
        </label>
        <input id="confirm" name="confirm" required maxlength={8} autocapitalize="none" autocomplete="off" />
        <button type="submit" name="order" value="trigger">Everybody stands again</button>
        <button type="submit" name="order" value="step_down">Somebody else goes first</button>
      </form>
    </section>
  );
}

/** Makes a member a voter, or ends a vote. */
export function VoterForms({ members, voters, forms, filled }: {
  readonly members: readonly MemberView[];
  readonly voters: VotersView;
  readonly forms: { readonly add: string; readonly remove: string };
  readonly filled: Filled;
}): Html {
  const isVoter = (peer: string) => voters.voters.some(({ peer_id }) => peer_id === peer);
  const others = members.filter((member) => !member.revoked && !isVoter(member.peer_id));
  return (
    <section aria-labelledby="voters-title">
      <h2 id="voters-title">Change the voters</h2>
      <p>
        Have 3 voters, or 5: then claims and elections go on when one of them is gone, or two. Choose nodes that are
        always on.
      </p>
      {others.length === 0 ? "" : (
        <form method="post" action="/mesh/voters/add">
          <input type="hidden" name="form" value={forms.add} />
          <SelectField
            id="add"
            label="Member"
            filled={filled}
            options={others.map((member) => ({ value: member.peer_id, label: optionOf(member) }))}
          />
          <button type="submit">Make it a voter</button>
        </form>
      )}
      {voters.voters.length === 0 ? "" : (
        <form method="post" action="/mesh/voters/remove">
          <input type="hidden" name="form" value={forms.remove} />
          <SelectField
            id="remove"
            label="Voter"
            filled={filled}
            options={voters.voters.map((voter) => ({ value: voter.peer_id, label: optionOf(voter) }))}
          />
          <button type="submit">End its vote</button>
        </form>
      )}
    </section>
  );
}

function optionOf(one: { readonly agent_id?: string | undefined; readonly peer_id: string }): string {
  const name = one.agent_id === undefined ? "peer" : sanitiseLine(one.agent_id, 63);
  return `${name} …${sanitiseLine(one.peer_id.slice(-8))}`;
}
