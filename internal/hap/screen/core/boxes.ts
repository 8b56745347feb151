/**
 * The boxes that decide about an ask. They are bound to the request as it was shown, take no key of their first moments, and Enter never
 * approves.
 *
 * @module
 */
import { type AnswerInput, isOpenRequest, type RequestView } from "@bzzz/api";
import { describeRequest, sanitiseLine } from "@bzzz/cli";
import { wrap } from "./cells.ts";
import { emptyLine } from "../../terminal/line_editor.ts";
import { addLocal } from "./feed.ts";
import { formOfAction } from "./edit_action.ts";
import type { Effect, Step } from "./events.ts";
import { formOfAsk } from "./form_fields.ts";
import { type Press, showKey } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import { type ApprovalBox, GUARD_MS, type Modal, type Model } from "./model.ts";

/** Characters of the digest that are typed for high stakes: proof of having looked. */
const TYPED_CHARACTERS = 4;

type QuickReply = NonNullable<NonNullable<RequestView["wording"]>["listed"]>["quick_replies"][number];
type ReplyBox = Extract<Modal, { type: "reply" }>;

/** What is typed to approve: the end of the digest for high stakes, else "y". */
export function confirmationOf(request: RequestView): string {
  return request.stakes === "high" ? request.digest.slice(-TYPED_CHARACTERS) : "y";
}

/** Lines of the box that are not the request. */
export const APPROVAL_FRAME_LINES = 8;
const MAX_BOX_COLUMNS = 76;

/** Columns of the boxes that decide. */
export function boxColumns(model: Model): number {
  return Math.min(model.size.columns, MAX_BOX_COLUMNS);
}

/** The whole request as the box shows it, in its lines, and how many of them there is room for. */
export function approvalText(
  model: Model,
  box: ApprovalBox,
): { readonly lines: readonly string[]; readonly room: number } {
  const { request, edited } = box;
  const lines = describeRequest(
    edited ? { ...request, action: edited.action } : request,
    model.settings.format,
    box.openedAtWallMs,
  )
    .flatMap((text) => wrap(text, boxColumns(model) - 4));
  return { lines, room: Math.max(1, model.size.rows - APPROVAL_FRAME_LINES) };
}

/** Opens the box for a verb, when the ask offers it and is still open; otherwise says why not. */
export function openBox(model: Model, request: RequestView, verb: "approve" | "deny" | "answer" | "edit"): Step<Model> {
  const refuse = (why: string): Step<Model> => ({
    model: { ...model, hint: `Cannot ${verb} ask ${sanitiseLine(request.short_id)}: ${why}` },
    effects: [],
  });
  if (model.settings.isObserver) return refuse("this view only observes");
  if (!isOpenRequest(request)) return refuse(`it is ${request.state}`);
  if (!request.is_addressed_to_me) return refuse("it is for somebody else");
  const isOffered = verb === "answer"
    ? request.allow.some((one) => one === "answer" || one === "choose")
    : request.allow.includes(verb);
  if (!isOffered) return refuse(`it offers ${request.allow.map((one) => sanitiseLine(one)).join(", ") || "nothing"}`);
  if (verb === "edit") {
    if (!request.action || !request.allow.includes("approve")) return refuse("it has no action to approve");
    return { model: { ...model, modal: formOfAction(request, request.action), hint: "" }, effects: [] };
  }
  const common = { request, isSending: false, problem: undefined };
  const modal: Modal = verb === "approve"
    ? approvalBox(model, request, undefined)
    : (verb === "answer" ? formOfAsk(request) : undefined) ??
      { type: "reply", ...common, kind: verb, line: emptyLine() };
  const effects: readonly Effect[] = verb === "approve" ? [{ type: "wake", afterMs: GUARD_MS }] : [];
  return { model: { ...model, modal, hint: "" }, effects };
}

/** The box of an approval, opened now: of the request, or of its action as it was changed. */
export function approvalBox(model: Model, request: RequestView, edited: ApprovalBox["edited"]): ApprovalBox {
  return {
    type: "approval",
    request,
    edited,
    openedAtMs: model.monoMs,
    openedAtWallMs: model.nowMs,
    focus: "confirm",
    confirm: emptyLine(),
    note: emptyLine(),
    top: 0,
    isSending: false,
    problem: undefined,
  };
}

/** Closes the box that is open, and says truly what that means. */
export function closeBox(model: Model): Step<Model> {
  const { modal } = model;
  const isSending = (modal?.type === "approval" || modal?.type === "reply" || modal?.type === "vote" ||
    modal?.type === "form") && modal.isSending;
  const hint = isSending ? "It was sent already; the channel tells what became of it" : "Nothing was sent";
  return { model: { ...model, modal: undefined, hint }, effects: [] };
}

/** A press in the box of an approval. */
export function pressApproval(model: Model, box: ApprovalBox, press: Press): Step<Model> {
  const change = (next: Partial<ApprovalBox>): Step<Model> => ({
    model: { ...model, modal: { ...box, ...next } },
    effects: [],
  });
  const action = press.type === "key" ? model.settings.keymap.actionOf(press.name, ["approval"]) : undefined;
  if (action === "cancel") {
    if (box.edited && !box.isSending) return { model: { ...model, modal: box.edited.form }, effects: [] };
    return closeBox(model);
  }
  const { lines, room } = approvalText(model, box);
  const page = press.type === "key" ? model.settings.keymap.actionOf(press.name, ["global"]) : undefined;
  if (page === "page_up" || page === "page_down") {
    const top = box.top + (page === "page_up" ? -1 : 1) * Math.max(1, room - 1);
    return change({ top: Math.max(0, Math.min(top, lines.length - room)), problem: undefined });
  }
  if (box.isSending || model.monoMs - box.openedAtMs < GUARD_MS) return change({});
  if (action === "next_field") return change({ focus: box.focus === "note" ? "confirm" : "note" });
  const note = box.note.text.trim();
  const reason = note === "" ? {} : { reason: note };
  if (action === "deny_with_note") {
    if (!box.request.allow.includes("deny")) return change({ problem: "it offers no deny" });
    return send(model, box, { decision: "deny", ...reason });
  }
  if (box.focus === "note") {
    const line = editLine(box.note, press);
    return change(line ? { note: line, problem: undefined } : {});
  }
  if (box.top + room < lines.length) {
    return change({
      problem: `read it to its end first: ${model.settings.keymap.keysOf("page_down").map(showKey).join(", ")}`,
    });
  }
  if (press.type !== "key") return change({}); // a confirmation is typed, not pasted
  const line = editLine(box.confirm, press);
  if (!line) return change({});
  const wanted = confirmationOf(box.request);
  const typed = line.text.toLowerCase();
  if (typed === wanted) return send(model, box, { decision: "approve", ...reason, ...editedAction(box) });
  if (typed.length < wanted.length) return change({ confirm: line, problem: undefined });
  return change({ confirm: emptyLine(), problem: `"${sanitiseLine(line.text)}" is not "${wanted}"` });
}

function editedAction({ edited }: ApprovalBox): Pick<AnswerInput, "edited_action"> {
  return edited ? { edited_action: { ...edited.action, args: [...edited.action.args] } } : {};
}

/** A press in the box of an answer or a reason. */
export function pressReply(model: Model, box: ReplyBox, press: Press): Step<Model> {
  const change = (next: Partial<ReplyBox>): Step<Model> => ({
    model: { ...model, modal: { ...box, ...next } },
    effects: [],
  });
  if (press.type === "key" && press.name === "esc") {
    return closeBox(model);
  }
  if (box.isSending) return change({});
  if (press.type !== "key" || press.name !== "enter") {
    const line = editLine(box.line, press);
    return change(line ? { line, problem: undefined } : {});
  }
  const typed = box.line.text.trim();
  const reply = quickReplies(box).find(({ key }) => key === typed);
  const text = reply?.text ?? typed;
  if (box.kind === "deny") return send(model, box, { decision: "deny", ...(text === "" ? {} : { reason: text }) });
  if (text === "") return change({ problem: "say something, or Esc" });
  const { choices } = box.request;
  if (!choices?.length) return send(model, box, { decision: "answer", text });
  const choice = choices.find((one) => one.toLowerCase() === text.toLowerCase()) ??
    (/^\d{1,3}$/.test(text) ? choices[Number(text) - 1] : undefined);
  if (choice !== undefined) return send(model, box, { decision: "choose", choice });
  if (box.request.kind !== "choice" && box.request.allow.includes("answer")) {
    return send(model, box, { decision: "answer", text });
  }
  return change({ problem: `choose one of 1 to ${choices.length}` });
}

/** The replies that the person keeps ready for this: typing the key of one is typing all of it. Where something is chosen, numbers choose. */
export function quickReplies({ request, kind }: Pick<ReplyBox, "request" | "kind">): readonly QuickReply[] {
  const all = kind === "answer" && request.choices?.length ? [] : request.wording?.listed?.quick_replies ?? [];
  return all.filter(({ decision }) => decision === kind);
}

/** Sends for the request as the box shows it, unless it was closed meanwhile. */
function send(model: Model, box: ApprovalBox | ReplyBox, decision: Omit<AnswerInput, "request_digest">): Step<Model> {
  const now = model.requests.get(box.request.request_id);
  if (now && !isOpenRequest(now)) {
    return { model: { ...model, modal: { ...box, problem: `it is ${now.state} already` } }, effects: [] };
  }
  const input: AnswerInput = { request_digest: box.request.digest, ...decision };
  return {
    model: { ...model, modal: { ...box, isSending: true, problem: undefined } },
    effects: [{ type: "decide", request: box.request, input }],
  };
}

/** The ask that an open box decides about. */
function askOf(modal: Modal): string | undefined {
  if (modal.type === "approval" || modal.type === "reply") return modal.request.request_id;
  return modal.type === "form" && modal.about.type === "ask" ? modal.about.request.request_id : undefined;
}

/** The decision was recorded: the box of that ask closes, no other one. */
export function decided(model: Model, request: RequestView, said: string): Model {
  const { modal } = model;
  const isItsBox = modal !== undefined && askOf(modal) === request.request_id;
  return addLocal({ ...model, ...(isItsBox ? { modal: undefined } : {}), hint: said }, "notice", said);
}

/** It was not: the box stays, with the reason, and nothing counts as typed. */
export function notDecided(model: Model, requestId: string, problem: string): Model {
  const { modal } = model;
  const text = sanitiseLine(problem, 300);
  if (!modal || askOf(modal) !== requestId) return addLocal(model, "notice", text);
  if (modal.type === "form") {
    return { ...model, modal: { ...modal, isSending: false, review: undefined, problem: text } };
  }
  if (modal.type !== "approval" && modal.type !== "reply") return model; // `askOf` knows no others
  const box: Modal = modal.type === "approval"
    ? { ...modal, isSending: false, confirm: emptyLine(), problem: text }
    : { ...modal, isSending: false, problem: text };
  return { ...model, modal: box };
}
