import type { MemberView } from "@bzzz/api";
import { sanitiseLine } from "@bzzz/cli";
import { type Html, Said } from "@bzzz/web";
import type { Filled } from "../take_form.ts";
import { Problems, TextField } from "./field.tsx";
import { MeshNav } from "./leadership.tsx";
import type { Moment } from "./request.tsx";
import { At } from "./words.tsx";

/** Everyone with a grant, also those who are away or revoked. */
export function MembersPage({ members, at, said, canRevoke, children }: {
  readonly members: readonly MemberView[];
  readonly at: Moment;
  readonly said: string | undefined;
  readonly canRevoke: boolean;
  /** Says why nobody can be revoked here. */
  readonly children?: unknown;
}): Html {
  return (
    <>
      <MeshNav now="/mesh/members" />
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <ul class="list">
        {members.map((member) => (
          <li>
            <strong>
              <Said text={member.agent_id} />
            </strong>
            {member.is_self ? " (you)" : ""}, <Said text={member.role} /> (<Said text={member.level} />),{" "}
            {member.binary_type === "hap" ? "person" : "agent"}, {member.revoked
              ? (
                <span class="high">
                  revoked <At ms={member.revoked.at_ms} format={at.format} />
                  {member.revoked.reason === "" ? "" : ": "}
                  <Said text={member.revoked.reason} max={256} />
                </span>
              )
              : member.is_self || member.is_connected
              ? "here"
              : "away"}, until <At ms={member.not_after_ms} format={at.format} />
            <br />
            <span class="quiet">
              <Said text={member.peer_id} />
            </span>
            {canRevoke && !member.is_self && !member.revoked
              ? (
                <p>
                  <a href={`/mesh/members/revoke?${new URLSearchParams({ member: member.peer_id })}`}>Revoke…</a>
                </p>
              )
              : ""}
          </li>
        ))}
      </ul>
      {children as Html}
    </>
  );
}

/** Takes the grant of a member away. */
export function RevokeMemberPage({ member, form, filled }: {
  readonly member: MemberView;
  readonly form: string;
  readonly filled: Filled;
}): Html {
  return (
    <>
      <Problems filled={filled} />
      <p>
        <Said text={member.agent_id} />, peer{" "}
        <Said text={member.peer_id} />, is dropped everywhere, and the keys that it had are replaced. To come back it
        has to be invited again.
      </p>
      <form method="post" action="/mesh/members/revoke" autocomplete="off">
        <input type="hidden" name="form" value={form} />
        <input type="hidden" name="member" value={member.peer_id} />
        <TextField id="reason" label="Why (kept in the history)" filled={filled} rows={2} maxLength={256} />
        <label for="confirm">Type {sanitiseLine(member.agent_id)} to revoke it</label>
        <input id="confirm" name="confirm" required maxlength={128} autocapitalize="none" autocomplete="off" />
        <button type="submit">Revoke it</button>
        <a class="button" href="/mesh/members">Back, nothing is done</a>
      </form>
    </>
  );
}
