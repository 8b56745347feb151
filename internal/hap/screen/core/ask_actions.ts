/**
 * What the keys of the inbox do beside deciding: the command for more than a key goes into the line, where it is gone on with, and what
 * an ask refers to is opened.
 *
 * @module
 */
import { isOpenRequest, type RequestView } from "@bzzz/api";
import { sanitiseLine } from "@bzzz/cli";
import { UcxlError } from "@bzzz/ucxl";
import { inboxRows } from "./asks.ts";
import { openBox } from "./boxes.ts";
import { goTo } from "./browser_boxes.ts";
import type { Step } from "./events.ts";
import { selectedIndex } from "./lists.ts";
import type { Model } from "./model.ts";

/** On the ask that is selected. */
export function actOnAsk(model: Model, action: "edit" | "escalate" | "refs"): Step<Model> {
  const request = inboxRows(model)[selectedIndex(model, "inbox")];
  if (!request) return say(model, "Nobody waits for you");
  if (action === "refs") return openRefs(model, request);
  if (action === "edit") return openBox(model, request, "edit");
  const why = refusalOf(model, request);
  const short = sanitiseLine(request.short_id);
  if (why !== undefined) return say(model, `Cannot escalate ask ${short}: ${why}`);
  const text = `/escalate ${short} @`;
  return {
    model: { ...model, place: "main", hint: "", input: { ...model.input, text, cursor: text.length } },
    effects: [],
  };
}

function refusalOf(model: Model, request: RequestView): string | undefined {
  if (model.settings.isObserver) return "this view only observes";
  if (!isOpenRequest(request)) return `it is ${request.state}`;
  if (!request.is_addressed_to_me) return "it is for somebody else";
  return request.allow.includes("escalate") ? undefined : "it does not offer that";
}

/** The first of what is to be read; the others are named, and stand in the ask. */
function openRefs(model: Model, { refs = [], short_id: id }: RequestView): Step<Model> {
  const [first, ...others] = refs;
  if (first === undefined) return say(model, `Ask ${sanitiseLine(id)} names nothing to read first`);
  try {
    const step = goTo(model, first);
    if (others.length === 0) return step;
    return { ...step, model: { ...step.model, hint: `and ${others.length} more: the ask has them` } };
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    return say(model, sanitiseLine(error.message, 300)); // the asker's word, which is no address
  }
}

function say(model: Model, hint: string): Step<Model> {
  return { model: { ...model, hint }, effects: [] };
}
