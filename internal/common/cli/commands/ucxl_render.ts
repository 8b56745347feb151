import type { DiffView, VersionView } from "@bzzz/ucxi";
import { sanitiseLine } from "../sanitise.ts";
import type { TimeFormat } from "../types.ts";

export const VERSION_HEADING = ["ADDRESS", "N", "WRITTEN", "AUTHOR", "SIZE", "FOR"] as const;

/** A version as a row of a table. */
export function versionRow(version: VersionView, format: TimeFormat): readonly string[] {
  return [
    version.address,
    String(version.n),
    format.date(version.written_at_ms),
    authorOf(version),
    version.is_deleted ? "deleted" : String(version.size ?? 0),
    sanitiseLine(version.audience?.join(",") ?? "-"),
  ];
}

/** A version as a line: "[2026-11-22 18:03] basil wrote ucxl://… version 3, 120 bytes, for developer". */
export function describeVersion(version: VersionView, format: TimeFormat): string {
  const what = version.is_deleted
    ? `deleted ${version.address}, version ${version.n}`
    : `wrote ${version.address}, version ${version.n}, ${version.size ?? 0} bytes, for ${
      sanitiseLine(version.audience?.join(", ") ?? "")
    }`;
  return `[${format.date(version.written_at_ms)}] ${authorOf(version)} ${what}`;
}

function authorOf({ author }: VersionView): string {
  return sanitiseLine(author.agent_id ?? `peer …${author.peer_id.slice(-8)}`);
}

/** A difference as lines, in the form of `diff -u`; of JSON as one line a place. */
export function describeDiff(diff: DiffView): readonly string[] {
  const head = [`--- version ${diff.before.n}`, `+++ version ${diff.after.n}`];
  return [...head, ...diff.is_equal ? ["(equal)"] : describeChanges(diff)];
}

/** What changed, without a head. */
export function describeChanges(diff: Pick<DiffView, "lines" | "changes">): readonly string[] {
  const signs = { same: " ", removed: "-", added: "+" } as const;
  const hunks = (diff.lines ?? []).flatMap((hunk) => {
    const count = (...types: readonly string[]) => hunk.lines.filter((line) => types.includes(line.type)).length;
    return [
      `@@ -${hunk.before_line},${count("same", "removed")} +${hunk.after_line},${count("same", "added")} @@`,
      ...hunk.lines.flatMap((line) => [
        `${signs[line.type]}${line.text.replace(/\n$/, "")}`,
        ...(line.text.endsWith("\n") ? [] : ["\\ No newline at end of file"]),
      ]),
    ];
  });
  const places = (diff.changes ?? []).map((change) => {
    const path = change.path === "" ? "(the whole)" : sanitiseLine(change.path);
    const [before, after] = [JSON.stringify(change.before), JSON.stringify(change.after)];
    if (change.type === "added") return `+ ${path}: ${after}`;
    return change.type === "removed" ? `- ${path}: ${before}` : `! ${path}: ${before} → ${after}`;
  });
  return [...hunks, ...places];
}
