import { createUlid, type MeshId, type TaskId, utf8Encode } from "@bzzz/base";
import { domainMessage, sha256 } from "@bzzz/crypto";
import type { IssueRef } from "./types.ts";

const DOMAIN = "bzzz/github-task/1";
const CLIENT_ID = /^github:([^/#\s]+\/[^/#\s]+)#([1-9]\d{0,14})(?:\.([1-9]\d{0,2}))?$/;

/** An issue, and the how manyth task of it, from 1. */
export interface IssueRound extends IssueRef {
  readonly round: number;
}

/** The client id of an issue's task: "github:owner/name#7", then "github:owner/name#7.2" when it is taken again. */
export function clientIdOf({ repository, number, round }: IssueRound): string {
  return `github:${repository.toLowerCase()}#${number}${round === 1 ? "" : `.${round}`}`;
}

/** What `clientIdOf` was made of; undefined of any other client id. The repository is in lower case. */
export function parseClientId(clientId: string): IssueRound | undefined {
  const [, repository, number, round] = CLIENT_ID.exec(clientId) ?? [];
  if (repository === undefined) return undefined;
  const parsed = { repository, number: Number(number), round: Number(round ?? 1) };
  return clientIdOf(parsed) === clientId ? parsed : undefined;
}

/**
 * The id of an issue's task, the same on every node: two leaders that take one issue, one after the other and without
 * having heard of each other, post one task. It carries no author, and its time is zero, as that of no other task.
 */
export function taskIdOf(source: { readonly mesh: MeshId; readonly apiUrl: string }, clientId: string): TaskId {
  const digest = sha256(domainMessage(DOMAIN, utf8Encode(`${source.mesh}\0${source.apiUrl}\0${clientId}`)));
  const ulid = createUlid(0, { float: () => 0, bytes: (length) => digest.slice(0, length) });
  return ulid as TaskId; // a ULID is what parseTaskId accepts
}
