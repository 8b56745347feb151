import type { PeerId } from "@bzzz/base";
import { type Envelope, unpackFrames, verifyEnvelope } from "@bzzz/wire";
import { type CheckContext, type Checked, openFrame, refuse } from "./check.ts";
import type { IngestResult } from "./types.ts";

/** The entries of a bundle as they were read; a refusal stands for one that a later version may read. */
type Opened = readonly Checked<Envelope>[];

/**
 * Reads a bundle before any of it is judged: every frame an entry of one author, in this mesh. Frames of a later version are
 * no fault, as they are none alone.
 */
export function openBundle(context: CheckContext, message: Uint8Array): Checked<Opened> {
  const unpacked = unpackFrames(message);
  if (!unpacked.ok) return refuse(unpacked.reason);
  const opened = unpacked.frames.map((frame) => openFrame(context, frame));
  let author: PeerId | undefined;
  for (const one of opened) {
    if (!one.ok) {
      if (one.refusal.verdict === "reject") return one;
      continue;
    }
    const { header } = one.value;
    author ??= header.author;
    if (header.seq === undefined || header.author !== author) return refuse("malformed");
  }
  return { ok: true, value: opened };
}

/**
 * Judges the entries of a bundle in their order; the first that no honest peer sends ends it, and the whole is rejected. It is
 * passed on when something in it was new and this node stands for all of it: an entry that was put aside unread (too busy,
 * beyond a quota, a stamp ahead) may be a forgery, and whoever passes one on is held to account for it. Sync brings the rest.
 */
export function judgeBundle(opened: Opened, judge: (one: Checked<Envelope>) => IngestResult): IngestResult {
  let accepted: IngestResult | undefined;
  let ignored: IngestResult | undefined;
  const known: Envelope[] = [];
  for (const one of opened) {
    const result = judge(one);
    if (result.verdict === "reject") return result;
    if (result.verdict === "accept") accepted ??= result;
    else if (one.ok && result.reason === "duplicate") known.push(one.value);
    else ignored ??= result;
  }
  if (ignored) return ignored;
  return accepted && known.every(isGenuine) ? accepted : { verdict: "ignore", reason: "duplicate" };
}

/** What is known by its id may still have come with another signature, or without its body. */
function isGenuine(envelope: Envelope): boolean {
  return envelope.body !== undefined && verifyEnvelope(envelope);
}
