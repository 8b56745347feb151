import type { MemberView } from "@bzzz/api";
import { sanitiseLine } from "@bzzz/cli";
import { ApiError } from "@bzzz/http";
import { type PageApp, typed, type Visit } from "@bzzz/web";
import { fullPage, justDone, momentOf, type PageParts, readForm } from "../page.tsx";
import { type Filled, lengthProblem, problemsOf, takeForm } from "../take_form.ts";
import { AdminsOnly } from "../views/leadership.tsx";
import { MembersPage, RevokeMemberPage } from "../views/members.tsx";

const MAX_REASON_CHARACTERS = 256;

const SAID: Readonly<Record<string, string>> = { revoke: "Revoked: it is dropped everywhere." };

/** Who belongs to the mesh, and taking the grant of a member away. */
export function addMemberRoutes(app: PageApp, parts: PageParts): void {
  const { client, isObserver } = parts;

  app.get("/mesh/members", async (visit) => {
    const options = { signal: visit.req.raw.signal };
    const [members, { node }] = await Promise.all([client.members(options), client.status(options)]);
    const isAdmin = node.level === "master";
    return await fullPage(
      visit,
      parts,
      { title: "Members", section: "Mesh" },
      <MembersPage
        members={members}
        at={momentOf(parts)}
        said={justDone(visit, SAID)}
        canRevoke={isAdmin && !isObserver}
      >
        {isObserver || isAdmin ? "" : <AdminsOnly what="To revoke a member" level={node.level} />}
      </MembersPage>,
    );
  });

  app.get("/mesh/members/revoke", async (visit) => {
    return await revokePage(visit, parts, await findMember(visit, parts, visit.req.query("member")), {});
  });

  app.post("/mesh/members/revoke", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const member = await findMember(visit, parts, form.get("member") ?? undefined);
    return await takeForm(visit, form, {
      purpose: revokePurpose(member),
      again: (filled) => revokePage(visit, parts, member, filled),
      act: async (options) => {
        const reason = typed(form, "reason") ?? "";
        const name = sanitiseLine(member.agent_id); // as the page shows it
        const problems = problemsOf({
          reason: lengthProblem("Reason", reason, { min: 0, max: MAX_REASON_CHARACTERS }),
          confirm: typed(form, "confirm") === name ? undefined : `Confirmation: expected ${name}, found something else`,
        });
        if (problems) return problems;
        await client.revokeMember(member.peer_id, { reason }, options);
        return "/mesh/members?done=revoke";
      },
    });
  });
}

function revokePurpose({ peer_id: peer }: MemberView): string {
  return `member revoke ${peer}`;
}

/** @throws ApiError "not_found" */
async function findMember(visit: Visit, { client }: PageParts, peer: string | undefined): Promise<MemberView> {
  const members = await client.members({ signal: visit.req.raw.signal });
  const found = members.find(({ peer_id }) => peer_id === peer);
  if (found) return found;
  throw new ApiError("not_found", "Cannot find the member: none of this mesh has that peer id");
}

async function revokePage(visit: Visit, parts: PageParts, member: MemberView, filled: Filled): Promise<Response> {
  return await fullPage(
    visit,
    parts,
    { title: "Revoke a member?", section: "Mesh", status: filled.status ?? 200 },
    parts.isObserver ? <p>This page was opened to look only.</p> : (
      <RevokeMemberPage
        member={member}
        form={visit.var.session.forms.issue(revokePurpose(member))}
        filled={filled}
      />
    ),
  );
}
