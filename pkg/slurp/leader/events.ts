import { hexEncode, utf8Encode } from "@bzzz/base";
import { citationOf, type Version } from "@bzzz/context";
import { sha256 } from "@bzzz/crypto";
import { DECISIONS_FOLDER } from "@bzzz/ucxl";
import { SLICE_PATH, SLURP_AGENT } from "../constants.ts";
import { type Subject, subjectKey } from "../context/levels.ts";

/** What happened. */
export type SlurpEventType = "context_written" | "context_deleted" | "decision_published";

/** Something that what is derived follows from: the fields of an address, each by itself, and where the content is. */
export interface SlurpEvent extends Subject {
  /** The same for all events of one kind about one discussion within one bucket of time: 64 hexadecimal digits. */
  readonly idempotencyKey: string;
  readonly type: SlurpEventType;
  readonly ucxlAgent: string;
  readonly ucxlRole: string;
  readonly ucxlProject: string;
  readonly ucxlTask: string;
  readonly ucxlPath: string;
  /** The citation of the version: parses, and names it for ever. */
  readonly ucxlReference: string;
  /** SHA-256 of the sealed content; undefined for a deletion. */
  readonly contentHash: string | undefined;
  readonly atMs: number;
}

/** The event that a version is; undefined for what was derived itself. Pure: the same on every node. */
export function eventOf(version: Version, options: { readonly bucketMs: number }): SlurpEvent | undefined {
  const { agent, role, project, task, path } = version.address;
  if (isSlice(version)) return undefined;
  const type = version.content === undefined
    ? "context_deleted"
    : path.startsWith(`${DECISIONS_FOLDER}/`)
    ? "decision_published"
    : "context_written";
  const atMs = version.writtenAt.ms;
  return {
    idempotencyKey: keyOf(subjectKey({ project, task }), type, Math.floor(atMs / options.bucketMs)),
    type,
    project,
    task,
    ucxlAgent: agent,
    ucxlRole: role,
    ucxlProject: project,
    ucxlTask: task,
    ucxlPath: path,
    ucxlReference: citationOf(version),
    contentHash: version.content?.sealed,
    atMs,
  };
}

/** Whether a version lies where slices lie. */
export function isSlice({ address }: Pick<Version, "address">): boolean {
  return address.agent === SLURP_AGENT && address.path === SLICE_PATH;
}

function keyOf(discussion: string, type: SlurpEventType, bucket: number): string {
  return hexEncode(sha256(utf8Encode(`${discussion}\n${type}\n${bucket}`)));
}
