import type { PostMessageInput } from "@bzzz/api";
import { type AgentId, BzzzError, type Clock, parseAgentId, parseEntryId, parseTaskId, type TaskId } from "@bzzz/base";
import { checkMessage, EMPTY_THREAD, type MessageRefusal } from "@bzzz/hmmm";
import type { JournalDraft } from "@bzzz/journal";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";
import { MAX_TO_ROLES } from "@bzzz/wire";
import { requireTopic } from "./queries.ts";

/** A message that must not be sent. */
export class MessageError extends BzzzError<"invalid_request" | "thread_limit" | "not_found" | "task_refused"> {}

const REFUSALS: Readonly<Record<MessageRefusal, string>> = {
  hop_limit: "it was passed on too often",
  expired: "it is too old",
  too_many_agents: "the thread has as many agents as it may; a person can go on",
  escalation_required: "the agents have used up the thread's messages; a person must speak first",
};

/**
 * A message as an entry of the journal, within the safeguards of its thread.
 * @throws MessageError "invalid_request", "thread_limit", "not_found" and "task_refused" for an objection to nothing; FacadeError "invalid_topic"
 */
export function composeMessage(
  deps: { readonly local: LocalIdentity; readonly readModel: MeshReadModel; readonly clock: Pick<Clock, "nowMs"> },
  input: PostMessageInput,
): JournalDraft<"message_posted"> {
  const { membership, identity } = deps.local;
  const roles = new Set(membership.roster(deps.clock.nowMs()).map((member) => member.role));
  const to: AgentId[] = [];
  const toRoles: string[] = [];
  for (const name of new Set(input.to)) {
    const agentId = parseAgentId(name);
    if (agentId && membership.findAgentId(agentId)) to.push(agentId);
    else if (roles.has(name)) toRoles.push(name);
    else {
      throw new MessageError(
        "invalid_request",
        `Cannot send to "${name}": no member of the mesh has this name or role`,
      );
    }
  }
  if (toRoles.length > MAX_TO_ROLES) {
    throw new MessageError(
      "invalid_request",
      `Cannot send to ${toRoles.length} roles: expected at most ${MAX_TO_ROLES}`,
    );
  }
  if (input.thread !== undefined) {
    const refusal = checkMessage(deps.readModel.threads.get(input.thread)?.use ?? EMPTY_THREAD, {
      author: identity.peerId,
      isPerson: identity.binaryType === "hap",
      type: input.type,
      sentAtMs: deps.clock.nowMs(),
    });
    if (refusal) {
      throw new MessageError("thread_limit", `Cannot send to thread "${input.thread}": ${REFUSALS[refusal]}`);
    }
  }
  const parent = input.parent === undefined ? undefined : parseEntryId(input.parent);
  if (input.parent !== undefined && !parent) {
    throw new MessageError("invalid_request", `Cannot answer "${input.parent}": expected the id of an entry`);
  }
  const task = input.task_id === undefined ? undefined : parseTaskId(input.task_id);
  if (input.task_id !== undefined && !task) {
    throw new MessageError("invalid_request", `Cannot refer to task "${input.task_id}": expected a task id`);
  }
  if (task && input.type === "objection" && input.severity === "blocking") assertDiscussed(deps.readModel, task);
  return {
    kind: "message_posted",
    topic: requireTopic(input.topic),
    body: {
      type: input.type,
      text: input.text,
      ...(to.length > 0 ? { to } : {}),
      ...(input.refs.length > 0 ? { refs: input.refs } : {}),
      ...(input.severity ? { severity: input.severity } : {}),
      ...(input.capabilities ? { capabilities: input.capabilities } : {}),
      ...(input.ttl_ms === undefined ? {} : { ttlMs: input.ttl_ms }),
    },
    ...(toRoles.length > 0 ? { toRoles } : {}),
    ...(input.thread === undefined ? {} : { thread: input.thread }),
    ...(parent ? { parent } : {}),
    ...(task ? { task } : {}),
  };
}

/** An objection that can stop nothing must not look as if it did. */
function assertDiscussed(readModel: MeshReadModel, taskId: TaskId): void {
  const task = readModel.task(taskId);
  if (!task) throw new MessageError("not_found", `Cannot object to task "${taskId}": there is none`);
  if (task.state === "discussing" || task.state === "planning" || task.state === "claimed") return;
  throw new MessageError(
    "task_refused",
    `Cannot object to task ${taskId}: it is ${task.state}, and its plan is not discussed (an advisory word is heard)`,
    { details: { reason: "not_discussing", state: task.state } },
  );
}
