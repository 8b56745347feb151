/**
 * Calling the person: once per ask, at most one bell in ten seconds, reminders of deadlines, and nothing when nothing is needed
 * (design, portal C.9).
 *
 * @module
 */
import { isOpenRequest, type RequestView } from "@bzzz/api";
import { describeAsk } from "@bzzz/cli";
import { putOffUntil, waiting } from "./asks.ts";
import type { Effect, Step } from "./events.ts";
import { addLocal } from "./feed.ts";
import { MAX_REQUESTS, type Model } from "./model.ts";

/** One bell for all that happens within this time. */
export const BELL_PERIOD_MS = 10_000;
/** Parts of the time until a deadline after which the person is reminded. */
const REMINDERS = [0.5, 0.9] as const;

/** Takes in asks that are new to this view: each calls once, together they ring once. */
export function callFor(model: Model, requests: readonly RequestView[]): Step<Model> {
  const fresh = requests.filter((request) => !model.notifier.called.has(request.request_id));
  if (fresh.length === 0) return { model, effects: [] };
  const called = new Map(model.notifier.called);
  for (const request of fresh) called.set(request.request_id, dueReminders(request, model.nowMs));
  for (const id of called.keys()) {
    if (called.size <= MAX_REQUESTS) break;
    called.delete(id);
  }
  const calling = fresh.filter((request) => mayCall(model, request) && !isInView(model, request));
  const next = { ...model, notifier: { ...model.notifier, called } };
  return calling.length === 0 ? { model: next, effects: [] } : ring(next, calling.map(describeAsk));
}

/** Once a second: asks that come back after they were put off, and reminders that are due. */
export function remind(model: Model): Step<Model> {
  const back = comeBack(model);
  const reminded = remindOfDeadlines(back.model);
  return { model: reminded.model, effects: [...back.effects, ...reminded.effects] };
}

/** What was put off and is so no more calls like a new ask; what the person took back themselves does not. */
function comeBack(model: Model): Step<Model> {
  const known = model.notifier.putOff;
  const now = new Map<string, number>();
  const back: RequestView[] = [];
  for (const request of model.requests.values()) {
    if (!isOpenRequest(request) || !request.is_addressed_to_me) continue;
    const { request_id: id } = request;
    const untilMs = putOffUntil(model, request);
    if (untilMs > model.nowMs) now.set(id, untilMs);
    else if ((known.get(id) ?? Infinity) <= model.nowMs && mayCall(model, request)) back.push(request);
  }
  if (known.size === 0 && now.size === 0) return { model, effects: [] };
  const next = { ...model, notifier: { ...model.notifier, putOff: now } };
  const texts = back.map((request) => `back: ${describeAsk(request)}`);
  return texts.length === 0 ? { model: next, effects: [] } : ring(texts.reduce(tell, next), texts);
}

function remindOfDeadlines(model: Model): Step<Model> {
  const due: string[] = [];
  let called: Map<string, 0 | 1 | 2> | undefined;
  for (const request of waiting(model)) {
    const had = model.notifier.called.get(request.request_id);
    const now = dueReminders(request, model.nowMs);
    if (had === undefined || now <= had) continue;
    called ??= new Map(model.notifier.called);
    called.set(request.request_id, now);
    if (mayCall(model, request)) due.push(`still waiting: ${describeAsk(request)}`);
  }
  if (!called) return { model, effects: [] };
  const next = { ...model, notifier: { ...model.notifier, called } };
  return due.length === 0 ? { model: next, effects: [] } : ring(due.reduce(tell, next), due);
}

/** A message to the person, or any message where the channel calls for all. */
export function callForMessage(model: Model, text: string): Step<Model> {
  return model.presence === "here" ? ring(model, [text]) : { model, effects: [] };
}

function tell(model: Model, text: string): Model {
  return addLocal(model, "notice", text);
}

function ring(model: Model, texts: readonly string[]): Step<Model> {
  const { hasBell, hasOsc9, showsText } = model.settings;
  if (model.monoMs - model.notifier.rangAtMs < BELL_PERIOD_MS) return { model, effects: [] };
  const count = texts.length === 1 ? "Somebody waits for you" : `${texts.length} wait for you`;
  const effects: Effect[] = [
    ...(hasBell ? [{ type: "bell" } as const] : []),
    ...(hasOsc9 ? [{ type: "notify", text: showsText ? texts[0] ?? count : count } as const] : []),
  ];
  return { model: { ...model, notifier: { ...model.notifier, rangAtMs: model.monoMs } }, effects };
}

/** Away and busy people are called for what cannot wait alone. */
function mayCall(model: Model, request: RequestView): boolean {
  return model.presence === "here" || request.stakes === "high";
}

function isInView(model: Model, request: RequestView): boolean {
  return model.place === "inbox" && model.lists.inbox.selectedId === request.request_id;
}

function dueReminders(request: RequestView, nowMs: number): 0 | 1 | 2 {
  if (request.deadline_ms === undefined || request.deadline_ms <= request.opened_at_ms) return 0;
  const part = (nowMs - request.opened_at_ms) / (request.deadline_ms - request.opened_at_ms);
  return part >= REMINDERS[1] ? 2 : part >= REMINDERS[0] ? 1 : 0;
}

/** What the title of the terminal says. */
export function titleOf(model: Model): string {
  const count = waiting(model).length;
  const name = model.mesh === "" ? "bzzz" : `bzzz ${model.mesh}`;
  return count === 0 ? name : `(${count}!) ${name}`;
}
