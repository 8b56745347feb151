import type { PeerId } from "@bzzz/base";
import { citationOf, type Version } from "@bzzz/context";
import { addressKey } from "@bzzz/ucxl";
import type { z } from "@hono/zod-openapi";
import type { ContextBackend } from "./server_deps.ts";
import type { authorViewSchema, HistoryView, VersionView } from "./views.ts";

/** A member, by its grant. */
export function authorView(peer: PeerId, authorOf: ContextBackend["authorOf"]): z.infer<typeof authorViewSchema> {
  const known = authorOf(peer);
  return { peer_id: peer, ...(known ? { agent_id: known.agentId, role: known.role } : {}) };
}

/** A version as an answer shows it. */
export function versionView(version: Version, authorOf: ContextBackend["authorOf"]): VersionView {
  const { content, previous } = version;
  return {
    address: addressKey(version.address),
    n: version.n,
    total: version.total,
    citation: citationOf(version),
    is_deleted: content === undefined,
    ...(content
      ? {
        revision: content.revision,
        size: content.size,
        sealed_bytes: content.sealedBytes,
        media_type: content.mediaType,
        audience: [...content.audience],
      }
      : {}),
    author: authorView(version.author, authorOf),
    written_at_ms: version.writtenAt.ms,
    entry_id: version.entry,
    ...(previous ? { previous_entry_id: previous } : {}),
    cursor: version.cursor,
  };
}

/** Versions that follow each other; `before` is the one in front of the first. */
export function historyItems(
  versions: readonly Version[],
  before: Version | undefined,
  authorOf: ContextBackend["authorOf"],
): HistoryView["items"] {
  return versions.map((version, i) => ({
    ...versionView(version, authorOf),
    is_concurrent: version.previous !== (i === 0 ? before : versions[i - 1])?.entry,
  }));
}
