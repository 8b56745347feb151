/**
 * What the routes of one ask share: its page, and how a decision is sent.
 *
 * @module
 */
import type { AnswerInput, RequestView } from "@bzzz/api";
import { refusalOf, USED_FORM, type Visit } from "@bzzz/web";
import { fullPage, momentOf, type PageParts, readForm } from "../page.tsx";
import { type RequestForms, RequestPage } from "../views/request.tsx";
import { takesPassphrase } from "./passphrase.ts";

export const DIGEST_MOVED = "Nothing was sent: the ask is not the one that was shown. This is how it stands now.";

export type Decision = Omit<AnswerInput, "request_digest">;

/** The ask that the address of a page names. @throws ApiError "not_found" */
export async function loadAsk(visit: Visit, { client }: PageParts): Promise<RequestView> {
  return await client.request(visit.req.param("ask") ?? "", { signal: visit.req.raw.signal });
}

/** A token is for one decision about exactly what was shown. */
export function purposeOf(decision: string, request: RequestView): string {
  return `${decision} ${request.request_id} ${request.digest}`;
}

/** What a form about an ask says. */
export interface AskForm {
  readonly form: URLSearchParams;
  readonly request: RequestView;
  /** The page of the ask again, with what is wrong and what was typed. */
  readonly again: (problem: string, status: number) => Promise<Response>;
}

/** Takes a form for one act, once and about the ask as it was shown; the page that says so where it is none. */
export async function takeAskForm(visit: Visit, parts: PageParts, act: string): Promise<AskForm | Response> {
  const form = await readForm(visit.req.raw, parts);
  const request = await loadAsk(visit, parts);
  const again = (problem: string, status: number) => askPage(visit, parts, request, { problem, status, typed: form });
  if (form.get("digest") !== request.digest) return await again(DIGEST_MOVED, 409);
  const verdict = visit.var.session.forms.take(form.get("form") ?? "", purposeOf(act, request));
  return verdict === "fresh" ? { form, request, again } : await again(USED_FORM, 409);
}

/** Sends it; the refusal when there is one. */
export async function decide(
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

/** To the ask, which says what was done. */
export function done(visit: Visit, request: RequestView, decision: string): Response {
  return visit.redirect(`/asks/${encodeURIComponent(request.request_id)}?done=${decision}`, 303);
}

/** The page of an ask, with a form for everything that can be done about it. */
export async function askPage(
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
  const { node } = await parts.client.status({ signal: visit.req.raw.signal });
  const open: RequestForms = {
    ...(request.allow.includes("deny") ? issue("deny") : {}),
    ...(request.allow.includes("answer") ? issue("answer") : {}),
    ...((request.choices ?? []).length > 0 && canChoose(request) ? issue("choose") : {}),
    ...(request.allow.includes("escalate") ? issue("escalate") : {}),
    ...(request.is_addressed_to_me ? issue("snooze") : {}),
    ...(request.from.peer_id === node.peer_id ? issue("withdraw") : {}),
    ...(request.answer?.decision === "approve" && !request.revoked ? issue("revoke") : {}),
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
