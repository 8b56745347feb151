import type { Grant } from "@bzzz/agentid";
import { levelAtLeast } from "@bzzz/crypto";
import { hexEncode } from "@bzzz/base";
import type { StoredEntry, StoredEntryOf } from "@bzzz/journal";
import type { ContextPlace, ContextRow } from "@bzzz/store";
import { type Address, addressKey, LATEST, parseConcrete, UcxlError } from "@bzzz/ucxl";
import type { EntryKind } from "@bzzz/wire";
import type { Version } from "./types.ts";

/** Kinds of entries that are versions. */
export const VERSION_KINDS: readonly EntryKind[] = ["context_put", "context_deleted"];

/** What a version's entry is judged by. */
export interface JudgedBy {
  /** The author's grant when it wrote; undefined when there was none. */
  readonly grant: Pick<Grant, "level"> | undefined;
  /** The entry of that id, when it is here. */
  readonly find: (id: string) => StoredEntry | undefined;
}

/**
 * The version that an entry tells, or undefined when it tells none: an address that is not canonical, no grant, or a deletion that
 * its author may not make. A member below coordination deletes only what it wrote itself: the version it deletes lies in its own log,
 * so every node that has the entry has that, too, and all judge alike. Pure.
 */
export function versionRowOf(entry: StoredEntry, { grant, find }: JudgedBy): ContextRow | undefined {
  if (entry.kind !== "context_put" && entry.kind !== "context_deleted") return undefined;
  const address = canonical(entry.body.address);
  if (!address || !grant) return undefined;
  const { header, id } = entry.envelope;
  const row = {
    ...placeOf(address),
    cursor: entry.cursor,
    entry: id,
    author: header.author,
    hlcMs: header.hlc.ms,
    hlcCounter: header.hlc.counter,
    previous: entry.body.previous,
  };
  if (entry.kind === "context_put") return { ...row, content: contentOf(entry.body) };
  const target = find(entry.body.previous);
  const isOwn = target?.kind === "context_put" && target.envelope.header.author === header.author &&
    target.body.address === entry.body.address;
  return isOwn || levelAtLeast(grant.level, "coordination") ? { ...row, content: undefined } : undefined;
}

function contentOf(body: StoredEntryOf<"context_put">["body"]): NonNullable<ContextRow["content"]> {
  const { sealedBytes, size, mediaType, audience } = body;
  return { revision: hexEncode(body.revision), sealed: hexEncode(body.sealed), sealedBytes, size, mediaType, audience };
}

function canonical(text: string): Address | undefined {
  try {
    const address = parseConcrete(text);
    return addressKey(address) === text ? address : undefined;
  } catch (error) {
    if (error instanceof UcxlError) return undefined;
    throw error;
  }
}

/** What owns the versions at an address. */
export function placeOf({ project, task, agent, role, path }: Address): ContextPlace {
  return { project, task, agent, role, path };
}

/** The address of a place at its latest. */
export function addressOf({ project, task, agent, role, path }: ContextPlace): Address {
  return { agent, role, project, task, temporal: LATEST, path };
}

/** A row as the n-th of `total` versions. */
export function versionOf(row: ContextRow, n: number, total: number): Version {
  return {
    address: addressOf(row),
    n,
    total,
    entry: row.entry,
    cursor: row.cursor,
    author: row.author,
    writtenAt: { ms: row.hlcMs, counter: row.hlcCounter },
    previous: row.previous,
    content: row.content,
  };
}
