import type { HandleInput, RequestView } from "@bzzz/api";
import { formFields, standingApprovals } from "@bzzz/cli";
import { type PageApp, refusalOf, typed } from "@bzzz/web";
import { formValues } from "../form_values.ts";
import { fullPage, justDone, momentOf, type PageParts, part, waitingCount, wantsPart } from "../page.tsx";
import { GrantList } from "../views/grants.tsx";
import { Inbox, InboxList, type Tab, tabOf, TABS } from "../views/inbox.tsx";
import { Waiting } from "../views/layout.tsx";
import { SPANS } from "../views/request.tsx";
import { Live } from "../views/words.tsx";
import { askPage, decide, type Decision, done, loadAsk, takeAskForm } from "./one_ask.tsx";
import { passphraseOf } from "./passphrase.ts";

const MAX_LISTED = 500;

const SAID: Readonly<Record<string, string>> = {
  approve: "Approved. Whether it was done is told by the agent.",
  deny: "Refused. The agent is told why.",
  answer: "Answered.",
  choose: "Chosen.",
  snooze: "Put off.",
  escalate: "Handed on: others may answer it, too.",
  withdraw: "Taken back.",
  revoke: "The approval is taken back: agents that hear of it do not act on it any more.",
};

/** The inbox and what is done with an ask, but for approving it. */
export function addAskRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;

  app.get("/", async (visit) => {
    const tab: Tab = TABS.find((one) => one === visit.req.query("show")) ?? "waiting";
    const isAll = visit.req.query("all") !== undefined;
    const { signal } = visit.req.raw;
    const after = visit.req.query("after");
    const page = await client.requestPage({
      limit: MAX_LISTED,
      ...(tab === "done" ? {} : { state: "open" }),
      ...(isAll ? {} : { addressed_to: "me" }),
      ...(after === undefined ? {} : { after }),
    }, { signal });
    const requests = page.items
      .filter((request) => tabOf(request.state) === tab)
      .toSorted((a, b) => tab === "done" ? b.opened_at_ms - a.opened_at_ms : a.opened_at_ms - b.opened_at_ms);
    const { nowMs } = momentOf(parts);
    const list = { requests, tab, isAll, nowMs, place: { after, next: page.next_after } };
    if (wantsPart(visit)) return part(<InboxList {...list} />);
    return await fullPage(
      visit,
      parts,
      { title: "Inbox", section: "Inbox" },
      <Inbox {...list} />,
    );
  });

  app.get("/waiting", async (visit) => part(<Waiting count={await waitingCount(visit, parts)} />));

  app.get("/asks/:ask", async (visit) => {
    const said = justDone(visit, SAID);
    return await askPage(visit, parts, await loadAsk(visit, parts), said === undefined ? {} : { said });
  });

  for (const decision of ["deny", "answer", "choose"] as const) {
    app.post(`/asks/:ask/${decision}`, async (visit) => {
      const taken = await takeAskForm(visit, parts, decision);
      if (taken instanceof Response) return taken;
      const { form, request, again } = taken;
      const input = inputOf(decision, form, request);
      if (typeof input === "string") return await again(input, 422);
      const problem = await decide(visit, parts, request, { ...input, ...passphraseOf(form) });
      return problem ? await again(problem.message, problem.status) : done(visit, request, decision);
    });
  }

  app.get("/grants", async (visit) => {
    const at = momentOf(parts);
    const standing = await standingApprovals(client, { signal: visit.req.raw.signal });
    const list = <GrantList standing={standing} at={at} />;
    if (wantsPart(visit)) return part(list);
    return await fullPage(
      visit,
      parts,
      { title: "Approvals that hold", section: "Inbox" },
      <Live name="asks" href="/grants?part=1">{list}</Live>,
    );
  });

  app.post("/asks/:ask/revoke", async (visit) => {
    const taken = await takeAskForm(visit, parts, "revoke");
    if (taken instanceof Response) return taken;
    const { form, request, again } = taken;
    try {
      const reason = typed(form, "revoke-reason") ?? "";
      await client.revokeApproval(request.request_id, { reason }, { signal: visit.req.raw.signal });
    } catch (error) {
      const { message, status } = refusalOf(error);
      return await again(message, status);
    }
    return done(visit, request, "revoke");
  });

  for (const act of ["snooze", "escalate", "withdraw"] as const) {
    app.post(`/asks/:ask/${act}`, async (visit) => {
      const taken = await takeAskForm(visit, parts, act);
      if (taken instanceof Response) return taken;
      const { form, request, again } = taken;
      const handling = act === "withdraw" ? undefined : handlingOf(act, form, parts.clock.nowMs());
      if (typeof handling === "string") return await again(handling, 422);
      const { signal } = visit.req.raw;
      try {
        if (handling) {
          await client.handle(request.request_id, { request_digest: request.digest, ...handling }, { signal });
        } else await client.withdraw(request.request_id, { reason: typed(form, "reason") ?? "" }, { signal });
      } catch (error) {
        const { message, status } = refusalOf(error);
        return await again(message, status);
      }
      return done(visit, request, act);
    });
  }
}

type Handling = Omit<HandleInput, "request_digest">;

/** What the form says, or what is wrong with it. */
function inputOf(
  decision: "deny" | "answer" | "choose",
  form: URLSearchParams,
  request: RequestView,
): Decision | string {
  switch (decision) {
    case "deny": {
      const reason = typed(form, "reason");
      return { decision, ...(reason === undefined ? {} : { reason }) };
    }
    case "answer": {
      const fields = formFields(request);
      if (fields.length > 0) {
        const values = formValues(fields, form);
        return typeof values === "string" ? values : { decision, values: { ...values } };
      }
      const text = typed(form, "text");
      return text === undefined ? "Nothing was sent: the answer is empty." : { decision, text };
    }
    case "choose": {
      const at = form.get("choice") ?? "";
      const choice = /^\d{1,4}$/.test(at) ? request.choices?.[Number(at)] : undefined;
      return choice === undefined ? "Nothing was sent: nothing was chosen." : { decision, choice };
    }
  }
}

/** What is done with an ask without deciding it, or what is wrong with the form. */
function handlingOf(act: "snooze" | "escalate", form: URLSearchParams, nowMs: number): Handling | string {
  if (act === "snooze") {
    const { ms } = SPANS.find(({ value }) => value === form.get("span")) ?? SPANS[0];
    return { act, until_ms: nowMs + ms };
  }
  const [, sign, name = ""] = /^(@|role:)(.+)$/.exec(typed(form, "whom") ?? "") ?? [];
  const reason = typed(form, "reason");
  if (sign === undefined && typed(form, "whom") !== "all") {
    return "Nothing was sent: name a person as @ana, a role as role:reviewer, or all.";
  }
  const to = sign === undefined ? {} : sign === "@" ? { human: name } : { role: name };
  return { act, to, ...(reason === undefined ? {} : { reason }) };
}
