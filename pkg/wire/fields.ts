/**
 * Fields that several bodies have, each written once.
 *
 * @module
 */
import {
  type AgentId,
  type EntryId,
  once,
  parseAgentId,
  parseEntryId,
  parsePeerId,
  parseRequestId,
  parseTaskId,
  type PeerId,
  type RequestId,
  type TaskId,
} from "@bzzz/base";
import { z } from "zod";

/** Longest title; the envelope's maximum bounds the whole. */
export const MAX_TITLE_CHARACTERS = 120;
/** Longest text of a message, task or request. */
export const MAX_TEXT_CHARACTERS = 65_536;
/** Longest name of a role or a capability. */
export const MAX_NAME_CHARACTERS = 64;
/** Longest name of a model: registries put host and path in front of it. */
export const MAX_MODEL_CHARACTERS = 128;
/** Longest list in a body. */
export const MAX_LIST_ITEMS = 64;

export const taskId = once(() =>
  z.string().refine((s): s is TaskId => parseTaskId(s) === s, "expected a task id (ULID)")
);
export const requestId = once(() =>
  z.string().refine(
    (s): s is RequestId => parseRequestId(s) === s,
    "expected a request id (ULID)",
  )
);
export const agentId = once(() =>
  z.string().refine((s): s is AgentId => parseAgentId(s) === s, "expected an agent id")
);
export const entryId = once(() =>
  z.string().refine((s): s is EntryId => parseEntryId(s) === s, "expected an entry id")
);
export const peerId = once(() => z.string().refine((s): s is PeerId => parsePeerId(s) === s, "expected a peer id"));
export const bytes = once(() => z.instanceof(Uint8Array));
export const name = once(() => z.string().min(1).max(MAX_NAME_CHARACTERS));
export const names = once(() => z.array(name()).max(MAX_LIST_ITEMS));
export const models = once(() => z.array(z.string().min(1).max(MAX_MODEL_CHARACTERS)).max(MAX_LIST_ITEMS));
export const title = once(() => z.string().min(1).max(MAX_TITLE_CHARACTERS));
export const text = once(() => z.string().max(MAX_TEXT_CHARACTERS));
export const count = once(() => z.int().min(0).max(1_000_000));
export const attempt = once(() => z.int().min(1).max(1000));
/** The fencing token under which a holder writes; entries from before there were registers have none. */
export const token = once(() => z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional());
export const durationMs = once(() => z.int().min(0).max(31_622_400_000));
export const atMs = once(() => z.int().min(0));
export const term = once(() => z.int().min(1));
