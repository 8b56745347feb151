import { type PageApp, typed, type Visit } from "@bzzz/web";
import { fullPage, justDone, momentOf, type PageParts, readForm } from "../page.tsx";
import { type Filled, numberProblem, problemsOf, takeForm } from "../take_form.ts";
import { INVITED, InvitesPage, RolesPage, TokenPage } from "../views/invites.tsx";
import { AdminsOnly } from "../views/leadership.tsx";

const HOUR_MS = 3_600_000;
/** Thirty days. */
const MAX_HOURS = 720;

const SAID: Readonly<Record<string, string>> = { revoke: "Revoked: nobody gets in with it any more." };

/** Invites, which an admin makes, and the roles they are for. */
export function addInviteRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;

  app.get("/mesh/invites", async (visit) => await invitesPage(visit, parts, {}));

  app.post("/mesh/invites", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    return await takeForm(visit, form, {
      purpose: "invite",
      again: (filled) => invitesPage(visit, parts, filled),
      act: async (options) => {
        const [role, name, hours = ""] = [typed(form, "role"), typed(form, "name"), typed(form, "hours")];
        const program = INVITED.find(({ value }) => value === form.get("program"))?.value;
        const problems = problemsOf({
          role: role === undefined ? "Role: expected one of the list, found none" : undefined,
          program: program === undefined ? `For: expected ${INVITED.map(({ value }) => value).join(", ")}` : undefined,
          hours: numberProblem("Hours", hours, { min: 1, max: MAX_HOURS }),
        });
        if (problems || role === undefined || program === undefined) return problems ?? {};
        const created = await client.createInvite({
          role,
          ttl_ms: Number(hours) * HOUR_MS,
          ...(program === "any" ? {} : { binary_type: program }),
          ...(name === undefined ? {} : { agent_id: name }),
        }, options);
        // not behind a redirect: the token is in this answer alone, and in no address
        return await fullPage(
          visit,
          parts,
          { title: "A token", section: "Mesh" },
          <TokenPage created={created} at={momentOf(parts)} />,
        );
      },
    });
  });

  app.post("/mesh/invites/revoke", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const invite = form.get("invite") ?? "";
    return await takeForm(visit, form, {
      purpose: "invite revoke",
      again: (filled) => invitesPage(visit, parts, filled),
      act: async (options) => {
        await client.revokeInvite(invite, options);
        return "/mesh/invites?done=revoke";
      },
    });
  });

  app.get("/mesh/roles", async (visit) => {
    const options = { signal: visit.req.raw.signal };
    const [roles, keys] = await Promise.all([client.roles(options), client.roleKeys(options)]);
    return await fullPage(visit, parts, { title: "Roles", section: "Mesh" }, <RolesPage roles={roles} keys={keys} />);
  });
}

async function invitesPage(visit: Visit, parts: PageParts, filled: Filled): Promise<Response> {
  const { client, isObserver } = parts;
  const options = { signal: visit.req.raw.signal };
  const [invites, { node }, roles] = await Promise.all([
    client.invites(options),
    client.status(options),
    client.roles(options),
  ]);
  const { forms } = visit.var.session;
  const mayInvite = node.level === "master" && !isObserver;
  return await fullPage(
    visit,
    parts,
    { title: "Invites", section: "Mesh", status: filled.status ?? 200 },
    <InvitesPage
      invites={invites}
      at={momentOf(parts)}
      filled={filled}
      said={justDone(visit, SAID)}
      create={mayInvite ? { form: forms.issue("invite"), roles } : undefined}
      revoke={mayInvite ? forms.issue("invite revoke") : undefined}
    >
      {isObserver ? "" : <AdminsOnly what="To invite somebody" level={node.level} />}
    </InvitesPage>,
  );
}
