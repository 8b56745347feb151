/**
 * The core of the screen: what an event does to the model, and what has to be done outside. Pure, without clock, chance or I/O.
 *
 * @module
 */
import { assertNever } from "@bzzz/base";
import { type AgentView, isOpenRequest, type RequestView } from "@bzzz/api";
import { nameOf, sanitiseLine } from "@bzzz/cli";
import { edit, type EditorState, emptyLine } from "../../terminal/line_editor.ts";
import { decided, notDecided } from "./boxes.ts";
import { contextChanged, listed, looked } from "./browser.ts";
import { versionsRead } from "./browser_boxes.ts";
import { decisionRead, decisionsRead, decisionsUnread, withVotes } from "./decisions.ts";
import type { Effect, Moment, ScreenEvent, Step } from "./events.ts";
import { addItem, addLocal, leaveFeed, toItem } from "./feed.ts";
import { formNotSent, formSent, openTemplate } from "./form_box.ts";
import { pressOf } from "./press.ts";
import { muted } from "./view_verbs.ts";
import { addToThread, threadRead } from "./threads.ts";
import { MAX_REQUESTS, type Model, withChannel } from "./model.ts";
import { callFor, callForMessage, remind, titleOf } from "./notifier.ts";
import { textLines } from "./text_lines.ts";
import { notVoted, voted } from "./vote_box.ts";

/** The screen after an event that happened at that moment. */
export function update(before: Model, event: ScreenEvent, at: Moment): Step<Model> {
  const model: Model = { ...before, nowMs: at.nowMs, monoMs: at.monoMs };
  const reduced = reduce(model, event);
  const isElsewhere = reduced.model.place !== "main" && reduced.model.feed.chosen !== undefined;
  const step = withVotes(isElsewhere ? { ...reduced, model: leaveFeed(reduced.model) } : reduced);
  const title = titleOf(step.model);
  return title === titleOf(before)
    ? step
    : { model: step.model, effects: [...step.effects, { type: "title", text: title }] };
}

function reduce(model: Model, event: ScreenEvent): Step<Model> {
  const only = (next: Model): Step<Model> => ({ model: next, effects: [] });
  switch (event.type) {
    case "press":
      return pressOf(model, event.press);
    case "resized":
      return only({ ...model, size: event.size });
    case "tick":
      return remind(model);
    case "connected":
      return only(
        model.link.state === "down"
          ? addLocal({ ...model, link: { state: "up" } }, "notice", "the node is back")
          : { ...model, link: { state: "up" } },
      );
    case "disconnected": {
      const reason = sanitiseLine(event.reason, 200);
      if (model.link.state === "down") return only({ ...model, link: { state: "down", reason } });
      return only(
        addLocal(
          { ...model, link: { state: "down", reason } },
          "notice",
          `the node cannot be heard: ${reason}; trying again`,
        ),
      );
    }
    case "keymap":
      return only({ ...model, settings: { ...model.settings, keymap: event.keymap } });
    case "status": {
      const { node, mesh, leadership, person_key: key } = event.status;
      return only({
        ...model,
        me: sanitiseLine(node.agent_id, 63),
        mesh: sanitiseLine(mesh.name, 40),
        leader: leadership.leader && nameOf(leadership.leader),
        key,
      });
    }
    case "entries":
      return entries(model, event);
    case "thread_read":
      return only(threadRead(model, event));
    case "pending":
      return pending(model, event.requests);
    case "request":
      return oneRequest(model, event.request);
    case "known": {
      const known = event.requests.map((one) => [one.request_id, one] as const);
      return only({ ...model, requests: bounded(new Map([...known, ...model.requests])) });
    }
    case "peers":
      return only({ ...model, peers: event.peers, agents: event.agents, presence: ownPresence(model, event.agents) });
    case "tasks":
      return only({ ...model, tasks: event.tasks });
    case "context_listed":
      return only(listed(model, event.query, event.answer));
    case "context_read":
      return only(looked(model, event.answer));
    case "versions":
      return only(versionsRead(model, event));
    case "decisions":
      return only(decisionsRead(model, event.items));
    case "decisions_unread":
      return only(decisionsUnread(model, event.problem));
    case "decision":
      return only(decisionRead(model, event.decision));
    case "voted":
      return only(voted(model, event.decision, event.vote));
    case "not_voted":
      return only(notVoted(model, event.address, event.problem));
    case "hint":
      return only({ ...model, hint: sanitiseLine(event.text, 300) });
    case "decided":
      return only(decided(oneRequest(model, event.request).model, event.request, sanitiseLine(event.said, 300)));
    case "not_decided":
      return {
        model: notDecided(model, event.requestId, event.problem),
        effects: [{ type: "request", requestId: event.requestId }],
      };
    case "prompts":
      return only({ ...model, prompts: event.ids });
    case "templates":
      return only({ ...model, templates: event.items });
    case "form_opened":
      return only(openTemplate(model, event.template));
    case "form_sent":
      return only(formSent(model, event.template, sanitiseLine(event.said, 300)));
    case "form_not_sent":
      return only(formNotSent(model, event.template, event.problem));
    case "output":
      return only(addLocal(model, event.isTalk ? "notice" : "output", event.text));
    case "text":
      return only({
        ...model,
        modal: {
          type: "text",
          title: sanitiseLine(event.title, 60),
          lines: textLines(event.text),
          top: 0,
        },
      });
    case "edited":
      return only({ ...model, input: lineOf(model.input, event.text), completion: undefined });
    case "command_ended":
      return only({ ...model, isRunning: false });
    case "question":
      return {
        model: {
          ...model,
          modal: {
            type: "question",
            label: sanitiseLine(event.label, 300),
            openAtMs: model.monoMs + event.guardMs,
            line: emptyLine(),
            secret: event.isSecret ? "" : undefined,
          },
        },
        effects: [{ type: "wake", afterMs: event.guardMs }],
      };
    case "question_gone":
      return only(model.modal?.type === "question" ? { ...model, modal: undefined } : model);
    default:
      return assertNever(event);
  }
}

/** A text as the line takes it: as if it was pasted in place of what was there. */
export function lineOf({ history }: EditorState, text: string): EditorState {
  return edit(emptyLine(history), { type: "paste", text }).state;
}

/** What the node tells everybody of this person: another view, or a verb, may have said it. */
function ownPresence(model: Model, agents: readonly AgentView[]): Model["presence"] {
  return agents.find((agent) => agent.agent_id === model.me)?.person ?? model.presence;
}

function entries(model: Model, event: Extract<ScreenEvent, { type: "entries" }>): Step<Model> {
  let next = model;
  const effects: Effect[] = [];
  let hasTasks = false;
  let hasContext = false;
  for (const entry of event.entries) {
    const index = next.channels.findIndex(({ topic }) => topic === entry.topic);
    if (index < 0) continue; // a topic of a newer version
    const item = muted(next, toItem(entry, next.me));
    next = addToThread(addItem(next, index, item, { isOld: event.isOld }), item);
    if (event.isOld) continue;
    if (entry.kind.startsWith("request_")) {
      for (const id of [entry.body?.["request_id"], entry.body?.["supersedes"]]) {
        if (typeof id === "string") effects.push({ type: "request", requestId: id });
      }
    }
    hasTasks ||= entry.kind.startsWith("task_");
    hasContext ||= entry.kind.startsWith("context_") || entry.kind.startsWith("decision_");
    const level = next.channels[index]?.notify;
    const isCalling = item.kind === "message" && !item.isMine &&
      !next.muted.has(item.author) && (level === "all" || (item.isForMe && level !== "none" && level !== "asks"));
    if (!isCalling) continue;
    next = withChannel(next, index, (channel) => ({ ...channel, isParted: false }));
    const called = callForMessage(next, `${item.author}: ${item.text}`);
    next = called.model;
    effects.push(...called.effects);
  }
  if (hasTasks && next.place === "tasks") effects.push({ type: "refresh", what: "tasks" });
  if (hasContext) effects.push(...contextChanged(next));
  return { model: next, effects };
}

/** What is pending at the node is pending here; what was and is not any more is looked at. */
function pending(model: Model, now: readonly RequestView[]): Step<Model> {
  const ids = new Set(now.map((request) => request.request_id));
  const gone = [...model.requests.values()].filter((one) => isOpenRequest(one) && !ids.has(one.request_id));
  const requests = bounded(new Map([...model.requests, ...now.map((one) => [one.request_id, one] as const)]));
  const called = callFor({ ...model, requests }, now.filter((one) => one.is_addressed_to_me));
  return {
    model: called.model,
    effects: [...called.effects, ...gone.map((one): Effect => ({ type: "request", requestId: one.request_id }))],
  };
}

function oneRequest(model: Model, request: RequestView): Step<Model> {
  const known = model.requests.get(request.request_id);
  const requests = bounded(new Map(model.requests).set(request.request_id, request));
  const next = { ...model, requests };
  if (isOpenRequest(request)) return callFor(next, request.is_addressed_to_me ? [request] : []);
  if (!known || !isOpenRequest(known) || !known.is_addressed_to_me || request.answer?.by.agent_id === model.me) {
    return { model: next, effects: [] };
  }
  const by = request.answer
    ? `answered by ${sanitiseLine(request.answer.by.agent_id ?? "somebody", 63)}: ${request.answer.decision}`
    : request.state;
  return { model: addLocal(next, "notice", `ask ${sanitiseLine(known.short_id)} was ${by}`), effects: [] };
}

/** At most `MAX_REQUESTS`: closed ones go first, the oldest before others. */
function bounded(requests: ReadonlyMap<string, RequestView>): ReadonlyMap<string, RequestView> {
  if (requests.size <= MAX_REQUESTS) return requests;
  const sorted = [...requests].sort(([, a], [, b]) =>
    Number(isOpenRequest(a)) - Number(isOpenRequest(b)) || a.opened_at_ms - b.opened_at_ms
  );
  return new Map(sorted.slice(requests.size - MAX_REQUESTS));
}
