import { nameOf } from "@bzzz/cli";
import { type PageApp, typed, type Visit } from "@bzzz/web";
import { fullPage, justDone, type PageParts, part, readForm, wantsPart } from "../page.tsx";
import { type Filled, lengthProblem, problemsOf, takeForm } from "../take_form.ts";
import { Problems } from "../views/field.tsx";
import { AdminsOnly, MeshNav, OrderForm, Standings, VoterForms } from "../views/leadership.tsx";
import { Live } from "../views/words.tsx";

const MAX_REASON_CHARACTERS = 1_024;
const ORDERS = ["trigger", "step_down"] as const;

const SAID: Readonly<Record<string, string>> = {
  trigger: "The term ends; below is who is next, as soon as that is known.",
  step_down: "The leader was asked to go; below is who is next, as soon as that is known.",
  add: "It is a voter now.",
  remove: "It votes no more.",
};

/** Who leads and who votes, and what an admin does about it. */
export function addLeadershipRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;

  app.get("/mesh", async (visit) => {
    if (!wantsPart(visit)) return await leadershipPage(visit, parts, {});
    const options = { signal: visit.req.raw.signal };
    const [election, voters] = await Promise.all([client.election(options), client.voters(options)]);
    return part(<Standings election={election} voters={voters} />);
  });

  app.post("/mesh/election", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    return await takeForm(visit, form, {
      purpose: "election",
      again: (filled) => leadershipPage(visit, parts, { order: filled }),
      act: async (options) => {
        const reason = typed(form, "reason") ?? "";
        const order = ORDERS.find((one) => one === form.get("order"));
        const problems = problemsOf({
          reason: lengthProblem("Reason", reason, { min: 0, max: MAX_REASON_CHARACTERS }),
          confirm: typed(form, "confirm") === "yes" ? undefined : "Confirmation: expected yes, found something else",
          order: order === undefined ? "Order: expected one of the two buttons, found none" : undefined,
        });
        if (problems || order === undefined) return problems ?? {};
        await client.orderElection(order, { reason }, options);
        return `/mesh?done=${order}`;
      },
    });
  });

  for (const act of ["add", "remove"] as const) {
    app.post(`/mesh/voters/${act}`, async (visit) => {
      const form = await readForm(visit.req.raw, parts);
      return await takeForm(visit, form, {
        purpose: `voters ${act}`,
        again: (filled) => leadershipPage(visit, parts, { voters: filled }),
        act: async (options) => {
          const member = typed(form, act);
          if (member === undefined) return { [act]: "Member: expected one of the list, found none" };
          await (act === "add" ? client.addVoter(member, options) : client.removeVoter(member, options));
          return `/mesh?done=${act}`;
        },
      });
    });
  }
}

async function leadershipPage(
  visit: Visit,
  parts: PageParts,
  filled: { readonly order?: Filled; readonly voters?: Filled },
): Promise<Response> {
  const { client, isObserver } = parts;
  const options = { signal: visit.req.raw.signal };
  const [status, election, voters, members] = await Promise.all([
    client.status(options),
    client.election(options),
    client.voters(options),
    client.members(options),
  ]);
  const { forms } = visit.var.session;
  const { level } = status.node;
  const isAdmin = level === "master";
  const said = justDone(visit, SAID);
  return await fullPage(
    visit,
    parts,
    { title: "The mesh", section: "Mesh", status: filled.order?.status ?? filled.voters?.status ?? 200 },
    <>
      <MeshNav now="/mesh" />
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <Problems filled={filled.order ?? filled.voters ?? {}} />
      <Live name="mesh" href="/mesh?part=1">
        <Standings election={election} voters={voters} />
      </Live>
      {isObserver ? "" : !isAdmin ? <AdminsOnly what="To end a term or change the voters" level={level} /> : (
        <>
          {election.leader
            ? (
              <OrderForm
                leader={nameOf(election.leader)}
                form={forms.issue("election")}
                filled={filled.order ?? {}}
              />
            )
            : ""}
          <VoterForms
            members={members}
            voters={voters}
            forms={{ add: forms.issue("voters add"), remove: forms.issue("voters remove") }}
            filled={filled.voters ?? {}}
          />
        </>
      )}
    </>,
  );
}
