// What tests of the facade ask of it.
import type { AnswerInput, PostMessageInput, PostTaskInput } from "@bzzz/api";
import { createUlid, type RequestId } from "@bzzz/base";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import { codeOf, type OfflineMesh, type OfflineNode } from "../testing.ts";

/** A task that the API takes. */
export function taskInput(fields: Partial<PostTaskInput> = {}): PostTaskInput {
  const defaults = {
    title: "Write it",
    description: "all of it",
    priority: 5,
    required_capabilities: [],
    dependencies: [],
  };
  return { ...defaults, ...fields };
}

/** A message that the API takes. */
export function messageInput(fields: Partial<PostMessageInput> = {}): PostMessageInput {
  return { text: "hello", type: "message", topic: "hmmm", to: [], refs: [], ...fields };
}

/** An agent asks people to choose between "a" and "b"; everybody has the question. */
export async function askChoice(
  mesh: OfflineMesh,
  from: OfflineNode,
  fields: Partial<BodyOf<"request_opened">> = {},
): Promise<RequestId> {
  const requestId = createUlid(mesh.clock.nowMs(), mesh.random) as RequestId; // a ULID
  await from.journal.append({
    kind: "request_opened",
    topic: TOPICS.hmmm,
    body: {
      requestId,
      kind: "choice",
      to: {},
      title: "Which?",
      body: "a or b",
      allow: ["choose", "deny"],
      choices: ["a", "b"],
      stakes: "normal",
      onTimeout: "hold",
      ...fields,
    },
  });
  await mesh.share();
  return requestId;
}

/** Answers "a" unless told; the code of the refusal, or "none". */
export async function choose(node: OfflineNode, requestId: string, fields: Partial<AnswerInput> = {}): Promise<string> {
  const request = await node.facade.request(requestId);
  const answer: AnswerInput = { request_digest: request?.digest ?? "", decision: "choose", choice: "a", ...fields };
  return await codeOf(node.facade.answer(requestId, answer));
}
