import type { AnswerInput, HandleInput, RequestView } from "@bzzz/api";
import { formFields } from "@bzzz/cli";
import { type PageApp, refusalOf, typed, USED_FORM, type Visit } from "@bzzz/web";
import { formValues } from "../form_values.ts";
import { passphraseOf, takesPassphrase } from "./passphrase.ts";
import { fullPage, momentOf, type PageParts, part, readForm, waitingCount, wantsPart } from "../page.tsx";
import { Inbox, InboxList, type Tab, tabOf, TABS } from "../views/inbox.tsx";
import { Waiting } from "../views/layout.tsx";
import { ApprovePage, type RequestForms, RequestPage, SPANS, TYPED_DIGEST_CHARACTERS } from "../views/request.tsx";

const MAX_LISTED = 500;
/** A confirmation that comes sooner was not read (design, portal C.3). */
const GUARD_MS = 700;
const TOO_EARLY = "Nothing was sent: that was too fast to have been read. Look again, then press once more.";
const DIGEST_MOVED = "Nothing was sent: the ask is not the one that was shown. This is how it stands now.";

const SAID: Readonly<Record<string, string>> = {
  approve: "Approved. Whether it was done is told by the agent.",
  deny: "Refused. The agent is told why.",
  answer: "Answered.",
  choose: "Chosen.",
  snooze: "Put off.",
  escalate: "Handed on: others may answer it, too.",
};

/** The inbox and everything that is done with an ask. */
export function addAskRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;
  const load = (visit: Visit) => client.request(visit.req.param("ask") ?? "", { signal: visit.req.raw.signal });

  app.get("/", async (visit) => {
    const tab: Tab = TABS.find((one) => one === visit.req.query("show")) ?? "waiting";
    const isAll = visit.req.query("all") !== undefined;
    const { signal } = visit.req.raw;
    const known = await client.requests({ limit: MAX_LISTED, ...(tab === "done" ? {} : { state: "open" }) }, {
      signal,
    });
    const requests = known
      .filter((request) => tabOf(request.state) === tab && (isAll || request.is_addressed_to_me))
      .toSorted((a, b) => tab === "done" ? b.opened_at_ms - a.opened_at_ms : a.opened_at_ms - b.opened_at_ms);
    const { nowMs } = momentOf(parts);
    if (wantsPart(visit)) return part(<InboxList requests={requests} tab={tab} nowMs={nowMs} />);
    return await fullPage(
      visit,
      parts,
      { title: "Inbox", section: "Inbox" },
      <Inbox requests={requests} tab={tab} isAll={isAll} nowMs={nowMs} />,
    );
  });

  app.get("/waiting", async (visit) => part(<Waiting count={await waitingCount(visit, parts)} />));

  app.get("/asks/:ask", async (visit) => {
    const said = SAID[visit.req.query("done") ?? ""];
    return await askPage(visit, parts, await load(visit), said === undefined ? {} : { said });
  });

  app.get("/asks/:ask/approve", async (visit) => await approvePage(visit, parts, await load(visit), {}));

  app.post("/asks/:ask/approve", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const request = await load(visit);
    const note = typed(form, "note");
    const again = (problem: string, status: number) => approvePage(visit, parts, request, { problem, status, note });
    if (form.get("digest") !== request.digest) return await again(DIGEST_MOVED, 409);
    const verdict = visit.var.session.forms.take(form.get("form") ?? "", purposeOf("approve", request));
    if (verdict === "too_early") return await again(TOO_EARLY, 409);
    if (verdict === "used") return await again(USED_FORM, 409);
    const tail = request.digest.slice(-TYPED_DIGEST_CHARACTERS);
    if (request.stakes === "high" && typed(form, "tail")?.toLowerCase() !== tail) {
      return await again(`Nothing was sent: what was typed is not ${tail}, the end of the digest.`, 422);
    }
    const problem = await decide(visit, parts, request, {
      decision: "approve",
      ...passphraseOf(form),
      ...(note === undefined ? {} : { reason: note }),
      ...scopeOf(form.get("scope") ?? "once", parts.clock.nowMs()),
    });
    return problem ? await again(problem.message, problem.status) : done(visit, request, "approve");
  });

  for (const decision of ["deny", "answer", "choose"] as const) {
    app.post(`/asks/:ask/${decision}`, async (visit) => {
      const form = await readForm(visit.req.raw, parts);
      const request = await load(visit);
      const again = (problem: string, status: number) =>
        askPage(visit, parts, request, { problem, status, typed: form });
      if (form.get("digest") !== request.digest) return await again(DIGEST_MOVED, 409);
      const verdict = visit.var.session.forms.take(form.get("form") ?? "", purposeOf(decision, request));
      if (verdict !== "fresh") return await again(USED_FORM, 409);
      const input = inputOf(decision, form, request);
      if (typeof input === "string") return await again(input, 422);
      const problem = await decide(visit, parts, request, { ...input, ...passphraseOf(form) });
      return problem ? await again(problem.message, problem.status) : done(visit, request, decision);
    });
  }

  for (const act of ["snooze", "escalate"] as const) {
    app.post(`/asks/:ask/${act}`, async (visit) => {
      const form = await readForm(visit.req.raw, parts);
      const request = await load(visit);
      const again = (problem: string, status: number) => askPage(visit, parts, request, { problem, status });
      if (form.get("digest") !== request.digest) return await again(DIGEST_MOVED, 409);
      const verdict = visit.var.session.forms.take(form.get("form") ?? "", purposeOf(act, request));
      if (verdict !== "fresh") return await again(USED_FORM, 409);
      const handling = handlingOf(act, form, parts.clock.nowMs());
      if (typeof handling === "string") return await again(handling, 422);
      try {
        const input = { request_digest: request.digest, ...handling };
        await client.handle(request.request_id, input, { signal: visit.req.raw.signal });
      } catch (error) {
        const { message, status } = refusalOf(error);
        return await again(message, status);
      }
      return done(visit, request, act);
    });
  }
}

type Decision = Omit<AnswerInput, "request_digest">;
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

/** For how long an approval is valid; what is no scope of the page is once. */
function scopeOf(scope: string, nowMs: number): Pick<AnswerInput, "scope" | "until_ms"> {
  const span = SPANS.find(({ value }) => value === scope);
  if (span) return { scope: "until", until_ms: nowMs + span.ms };
  return scope === "task" ? { scope } : {};
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

/** A token is for one decision about exactly what was shown. */
function purposeOf(decision: string, request: RequestView): string {
  return `${decision} ${request.request_id} ${request.digest}`;
}

/** Sends it; the refusal when there is one. */
async function decide(
  visit: Visit,
  { client }: PageParts,
  request: RequestView,
  decision: Decision,
): Promise<ReturnType<typeof refusalOf> | undefined> {
  try {
    const input = { request_digest: request.digest, ...decision };
    await client.answer(request.request_id, input, { signal: visit.req.raw.signal });
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}

function done(visit: Visit, request: RequestView, decision: string): Response {
  return visit.redirect(`/asks/${encodeURIComponent(request.request_id)}?done=${decision}`, 303);
}

async function askPage(
  visit: Visit,
  parts: PageParts,
  request: RequestView,
  options: {
    readonly problem?: string;
    readonly said?: string;
    readonly status?: number;
    readonly typed?: URLSearchParams;
  },
): Promise<Response> {
  const { forms } = visit.var.session;
  const { problem, said, status = 200 } = options;
  const issue = (act: Exclude<keyof RequestForms, "typed">) => ({ [act]: forms.issue(purposeOf(act, request)) });
  const open: RequestForms = {
    ...(request.allow.includes("deny") ? issue("deny") : {}),
    ...(request.allow.includes("answer") ? issue("answer") : {}),
    ...((request.choices ?? []).length > 0 && canChoose(request) ? issue("choose") : {}),
    ...(request.allow.includes("escalate") ? issue("escalate") : {}),
    ...(request.is_addressed_to_me ? issue("snooze") : {}),
    ...(options.typed === undefined ? {} : { typed: options.typed }),
    isLocked: await takesPassphrase(visit, parts, false),
  };
  return await fullPage(
    visit,
    parts,
    { title: `Ask ${request.short_id}`, section: "Inbox", status },
    <RequestPage
      request={request}
      at={momentOf(parts)}
      forms={open}
      problem={problem}
      said={said}
      isObserver={parts.isObserver}
    />,
  );
}

function canChoose({ kind, allow }: RequestView): boolean {
  return kind === "choice" || allow.includes("choose") || !allow.includes("answer");
}

async function approvePage(
  visit: Visit,
  parts: PageParts,
  request: RequestView,
  options: { readonly problem?: string; readonly status?: number; readonly note?: string | undefined },
): Promise<Response> {
  const isOpen = request.allow.includes("approve") && tabOf(request.state) !== "done" && !parts.isObserver;
  if (!isOpen) {
    const closed = `This ask cannot be approved${parts.isObserver ? " here" : `: it is ${request.state}`}.`;
    return await askPage(visit, parts, request, { problem: options.problem ?? closed, status: options.status ?? 409 });
  }
  const isLocked = await takesPassphrase(visit, parts, request.stakes === "high");
  const form = visit.var.session.forms.issue(purposeOf("approve", request), { guardMs: GUARD_MS });
  return await fullPage(
    visit,
    parts,
    {
      title: `Approve ask ${request.short_id}?`,
      section: "Inbox",
      ...(options.status ? { status: options.status } : {}),
    },
    <ApprovePage
      request={request}
      at={momentOf(parts)}
      form={form}
      problem={options.problem}
      note={options.note}
      isLocked={isLocked}
    />,
  );
}
