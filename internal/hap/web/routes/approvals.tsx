import type { AnswerInput, RequestView } from "@bzzz/api";
import { base64UrlDecode, base64UrlEncode, hexEncode, utf8Decode, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { type PageApp, typed, USED_FORM, type Visit } from "@bzzz/web";
import { addedFields, editAction } from "../edit_action.ts";
import { fullPage, momentOf, type PageParts, readForm } from "../page.tsx";
import type { Filled } from "../take_form.ts";
import { EditPage } from "../views/edit_action.tsx";
import { tabOf } from "../views/inbox.tsx";
import { type Action, ApprovePage, SPANS, TYPED_DIGEST_CHARACTERS } from "../views/request.tsx";
import { askPage, decide, DIGEST_MOVED, done, loadAsk, purposeOf } from "./one_ask.tsx";
import { passphraseOf, takesPassphrase } from "./passphrase.ts";

/** A confirmation that comes sooner was not read (design, portal C.3). */
const GUARD_MS = 700;
const TOO_EARLY = "Nothing was sent: that was too fast to have been read. Look again, then press once more.";

/** Approving in two steps, and changing the action before. */
export function addApprovalRoutes(app: PageApp, parts: PageParts): void {
  app.get("/asks/:ask/approve", async (visit) => await approvePage(visit, parts, await loadAsk(visit, parts), {}));

  app.post("/asks/:ask/approve", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const request = await loadAsk(visit, parts);
    const note = typed(form, "note");
    if (form.get("digest") !== request.digest) {
      return await approvePage(visit, parts, request, { problem: DIGEST_MOVED, status: 409, note });
    }
    const packed = form.get("edited") ?? undefined; // the token is for exactly what this page has packed
    const verdict = visit.var.session.forms.take(form.get("form") ?? "", approvalOf(request, packed));
    if (verdict === "used") return await askPage(visit, parts, request, { problem: USED_FORM, status: 409 });
    const edited = packed === undefined ? undefined : unpack(packed);
    const again = (problem: string, status: number) =>
      approvePage(visit, parts, request, { problem, status, note, edited });
    if (verdict === "too_early") return await again(TOO_EARLY, 409);
    const tail = request.digest.slice(-TYPED_DIGEST_CHARACTERS);
    if (request.stakes === "high" && typed(form, "tail")?.toLowerCase() !== tail) {
      return await again(`Nothing was sent: what was typed is not ${tail}, the end of the digest.`, 422);
    }
    const problem = await decide(visit, parts, request, {
      decision: "approve",
      ...passphraseOf(form),
      ...(note === undefined ? {} : { reason: note }),
      ...(edited === undefined ? {} : { edited_action: edited }),
      ...scopeOf(form.get("scope") ?? "once", parts.clock.nowMs()),
    });
    return problem ? await again(problem.message, problem.status) : done(visit, request, "approve");
  });

  app.get("/asks/:ask/edit", async (visit) => await editPage(visit, parts, await loadAsk(visit, parts), {}));

  app.post("/asks/:ask/edit", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const request = await loadAsk(visit, parts);
    const again = (filled: Filled) => editPage(visit, parts, request, { ...filled, typed: form });
    if (form.get("digest") !== request.digest) return await again({ problem: DIGEST_MOVED, status: 409 });
    const verdict = visit.var.session.forms.take(form.get("form") ?? "", purposeOf("edit", request));
    if (verdict !== "fresh" || !request.action) return await again({ problem: USED_FORM, status: 409 });
    if (form.get("act") === "more") return await editPage(visit, parts, request, { typed: form }, true);
    const edited = editAction(request.action, form);
    if ("problems" in edited) return await again({ ...edited, status: 422 });
    const isChanged = pack(edited.action) !== pack(request.action);
    return await approvePage(visit, parts, request, isChanged ? { edited: edited.action } : {});
  });
}

/** A token is for the action as it was shown: as it was asked for, or as these bytes have it. */
function approvalOf(request: RequestView, packed: string | undefined): string {
  const approval = purposeOf("approve", request);
  return packed === undefined ? approval : `${approval} ${hexEncode(sha256(utf8Encode(packed)))}`;
}

function pack(action: Action): string {
  return base64UrlEncode(utf8Encode(JSON.stringify(action)));
}

/** What `pack` has made, and nothing else. */
function unpack(packed: string): Action {
  return JSON.parse(utf8Decode(base64UrlDecode(packed) ?? new Uint8Array())) as Action; // packed from one
}

/** For how long an approval is valid; what is no scope of the page is once. */
function scopeOf(scope: string, nowMs: number): Pick<AnswerInput, "scope" | "until_ms"> {
  const span = SPANS.find(({ value }) => value === scope);
  if (span) return { scope: "until", until_ms: nowMs + span.ms };
  return scope === "task" ? { scope } : {};
}

function canApprove(request: RequestView, { isObserver }: PageParts): boolean {
  return request.allow.includes("approve") && tabOf(request.state) !== "done" && !isObserver;
}

async function approvePage(
  visit: Visit,
  parts: PageParts,
  request: RequestView,
  options: {
    readonly problem?: string;
    readonly status?: number;
    readonly note?: string | undefined;
    readonly edited?: Action | undefined;
  },
): Promise<Response> {
  if (!canApprove(request, parts)) {
    const closed = `This ask cannot be approved${parts.isObserver ? " here" : `: it is ${request.state}`}.`;
    return await askPage(visit, parts, request, { problem: options.problem ?? closed, status: options.status ?? 409 });
  }
  const { edited } = options;
  const packed = edited && pack(edited);
  const form = visit.var.session.forms.issue(approvalOf(request, packed), { guardMs: GUARD_MS });
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
      edited={edited && packed !== undefined ? { action: edited, packed } : undefined}
      isLocked={await takesPassphrase(visit, parts, request.stakes === "high")}
    />,
  );
}

async function editPage(
  visit: Visit,
  parts: PageParts,
  request: RequestView,
  filled: Filled,
  hasOneMore = false,
): Promise<Response> {
  const { problem, status = 200 } = filled;
  if (!request.action || !request.allow.includes("edit") || !canApprove(request, parts)) {
    const closed = "The action of this ask cannot be changed here.";
    return await askPage(visit, parts, request, { problem: problem ?? closed, status: filled.status ?? 409 });
  }
  return await fullPage(
    visit,
    parts,
    { title: `Change what ask ${request.short_id} does`, section: "Inbox", status },
    <EditPage
      request={request}
      action={request.action}
      form={visit.var.session.forms.issue(purposeOf("edit", request))}
      filled={filled}
      added={addedFields(request.action, filled.typed, hasOneMore)}
    />,
  );
}
