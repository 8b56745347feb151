// Requests with a contract, and answers to them.
import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import type { BodyOf, RequestAction } from "@bzzz/wire";
import { foldRequest, requestDigest, type RequestEntry, type RequestView } from "../mod.ts";
import { answered, ASK, handled, opened, person, question } from "../testing.ts";

/** Somebody else. */
export const EVE = "eve" as PeerId;

/** What a test asks. */
export type Opened = Partial<BodyOf<"request_opened">>;

/** What a test answers. */
export type Answered = Partial<BodyOf<"request_answered">>;

/** An action that a person may approve. */
export const PUSH: RequestAction = {
  verb: "repo.push",
  target: "ucxl://any:any@bzzz:main/*^/pkg/dht",
  args: [{ name: "remoteName", value: "origin" }, { name: "commits", value: 3 }, { name: "force", value: false }],
  effect: "3 commits reach everybody",
  reversible: true,
  cost: "2 minutes of CI",
};

/** Everybody stands. */
export const FACTS = { grantOf: person, isStanding: () => true };

/** A request for its approval. */
export const APPROVAL: Opened = {
  kind: "approval",
  allow: ["approve", "deny"],
  action: PUSH,
  offers: ["edit", "escalate"],
};

/** What a request and entries about it come to. */
export function fold(asked: Opened, ...entries: RequestEntry[]): RequestView {
  const view = foldRequest(ASK, [opened(asked), ...entries]);
  assert.ok(view);
  return view;
}

/** Approves what was asked, or what `fields` say, of exactly its digest. */
export function answerTo(
  asked: Opened,
  who: PeerId,
  ms: number,
  fields: Answered = {},
  authority = person(who),
): ReturnType<typeof answered> {
  const { text: _, ...rest } = answered(who, ms, {}, authority).body;
  const digest = requestDigest(question(asked));
  const body = { ...rest, decision: "approve" as const, ...fields, requestDigest: digest };
  return { ...answered(who, ms, body, authority), body };
}

/** Handles what was asked. */
export function handle(
  asked: Opened,
  who: PeerId,
  ms: number,
  fields: Partial<BodyOf<"request_handled">>,
): ReturnType<typeof handled> {
  return handled(who, ms, { ...fields, requestDigest: requestDigest(question(asked)) });
}
