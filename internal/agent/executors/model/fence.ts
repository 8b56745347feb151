import { hexEncode, type Random } from "@bzzz/base";
import type { AuthorLabel } from "../../types.ts";

/**
 * Characters that no reader sees, but a model does: controls but line break and tab, direction marks, and the tags of
 * Unicode, in which whole sentences can be hidden.
 */
const UNSEEN = /(?![\n\t])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

/**
 * Marks what others wrote as data, with who wrote it. The mark is made by chance for each run, so that no text can end its
 * own fence.
 */
export class Fence {
  readonly mark: string;

  constructor(random: Pick<Random, "bytes">) {
    this.mark = hexEncode(random.bytes(8));
  }

  /** `what` is ours: "title of the task". */
  wrap(what: string, author: AuthorLabel | undefined, text: string): string {
    const by = author === undefined ? "" : ` by ${labelOf(author)}`;
    return `[data ${this.mark}: ${what}${by}]\n${text.replace(UNSEEN, "\ufffd")}\n[end of data ${this.mark}]`;
  }
}

/** Who that is, on one line. */
export function labelOf({ name, role }: AuthorLabel): string {
  const safe = JSON.stringify(name.replace(UNSEEN, "\ufffd"));
  return role === undefined ? `${safe} (no member of the mesh any more)` : `${safe} (role ${role})`;
}
