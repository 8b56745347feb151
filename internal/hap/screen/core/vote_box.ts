/**
 * The box of a vote. A vote can close a decision, so it takes what an approval takes: no key of its first moments, and a whole word that
 * is typed, not pasted. Enter never votes.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import { VOTES } from "@bzzz/wire";
import { emptyLine } from "../../terminal/line_editor.ts";
import { closeBox } from "./boxes.ts";
import { decisionRead, selectedDecision } from "./decisions.ts";
import type { DecisionDetailView } from "@bzzz/ucxi";
import type { Step } from "./events.ts";
import { addLocal } from "./feed.ts";
import type { Press } from "./keys.ts";
import { editLine } from "./line_keys.ts";
import { GUARD_MS, type Model, type VoteBox } from "./model.ts";

/** Opens the box for the decision that is selected, or says why not. */
export function openVote(model: Model): Step<Model> {
  const refuse = (why: string): Step<Model> => ({ model: { ...model, hint: `Cannot vote: ${why}` }, effects: [] });
  const found = selectedDecision(model);
  if (!found) return refuse("there is no decision here");
  const { record, state, version } = found.item;
  if (model.settings.isObserver) return refuse("this view only observes");
  if (!record) return refuse("the decision is meant for other roles");
  if (state !== "open") return refuse(`the decision is ${state}`);
  return {
    model: {
      ...model,
      hint: "",
      modal: {
        type: "vote",
        citation: version.citation,
        address: version.address,
        title: sanitiseLine(record.title, 200),
        openedAtMs: model.monoMs,
        focus: "vote",
        vote: emptyLine(),
        reason: emptyLine(),
        isSending: false,
        problem: undefined,
      },
    },
    effects: [{ type: "wake", afterMs: GUARD_MS }],
  };
}

/** A press in the box. */
export function pressVote(model: Model, box: VoteBox, press: Press): Step<Model> {
  const change = (next: Partial<VoteBox>): Step<Model> => ({
    model: { ...model, modal: { ...box, ...next } },
    effects: [],
  });
  const action = press.type === "key" ? model.settings.keymap.actionOf(press.name, ["approval"]) : undefined;
  if (action === "cancel") return closeBox(model);
  if (box.isSending || model.monoMs - box.openedAtMs < GUARD_MS) return change({});
  if (action === "next_field") return change({ focus: box.focus === "vote" ? "reason" : "vote" });
  if (box.focus === "reason") {
    const reason = editLine(box.reason, press);
    return change(reason ? { reason, problem: undefined } : {});
  }
  if (press.type !== "key") return change({}); // a vote is typed, not pasted
  const line = editLine(box.vote, press);
  if (!line) return change({});
  const typed = line.text.toLowerCase();
  const vote = VOTES.find((one) => one === typed);
  if (vote) {
    return {
      model: { ...model, modal: { ...box, vote: line, isSending: true, problem: undefined } },
      effects: [{ type: "vote", citation: box.citation, address: box.address, vote, reason: box.reason.text.trim() }],
    };
  }
  // what is wrong stays, to be taken back: a sentence with a vote's word in it votes nothing
  const isBegun = VOTES.some((one) => one.startsWith(typed));
  const problem = isBegun ? undefined : `"${sanitiseLine(line.text, 30)}" is no vote: ${VOTES.join(", ")}`;
  return change({ vote: line, problem });
}

/** The vote was recorded: its box closes, no other one. */
export function voted(model: Model, decision: DecisionDetailView, vote: string): Model {
  const { modal } = model;
  const isItsBox = modal?.type === "vote" && modal.address === decision.version.address;
  const said = `Voted ${vote}; the decision is ${decision.state ?? "sealed"}`;
  const there = decisionRead({ ...model, ...(isItsBox ? { modal: undefined } : {}), hint: said }, decision);
  return addLocal(there, "notice", `${said}: ${sanitiseLine(decision.record?.title ?? "", 120)}`);
}

/** It was not: the box stays, with the reason, and nothing counts as typed. */
export function notVoted(model: Model, address: string, problem: string): Model {
  const { modal } = model;
  const text = sanitiseLine(problem, 300);
  if (modal?.type !== "vote" || modal.address !== address) return addLocal(model, "notice", text);
  return { ...model, modal: { ...modal, isSending: false, vote: emptyLine(), problem: text } };
}
