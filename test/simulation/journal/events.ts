import type { EntryId, PeerId } from "@bzzz/base";

/** What the histories of the journal's world consist of. */
export type JournalEvent =
  | { readonly type: "started"; readonly node: number; readonly author: PeerId }
  | { readonly type: "crashed"; readonly node: number }
  /** A client was told that its entry is stored. */
  | {
    readonly type: "acknowledged";
    readonly node: number;
    readonly author: PeerId;
    readonly seq: number;
    readonly id: EntryId;
  }
  | { readonly type: "refused"; readonly node: number; readonly code: string }
  | { readonly type: "fork_proved"; readonly node: number; readonly author: PeerId; readonly seq: number }
  | { readonly type: "penalised"; readonly node: number; readonly peer: PeerId; readonly reason: string }
  /** A copy of the disk, `commits` commits old, was put back. */
  | { readonly type: "restored"; readonly node: number; readonly commits: number }
  /** Its operator saw that a node waits for entries that nobody has, and made it go on without them. */
  | { readonly type: "gave_up"; readonly node: number }
  /** The traitor wrote two entries at one seq. */
  | { readonly type: "forked"; readonly author: PeerId; readonly seq: number }
  /** At the end, with everything healed: what one node has of one author. */
  | {
    readonly type: "log";
    readonly node: number;
    readonly author: PeerId;
    /** In order of seq, from 1. */
    readonly ids: readonly EntryId[];
    readonly frozenAt: number | undefined;
  }
  /** True milliseconds from the end of the last fault until all nodes agreed; undefined when they never did. */
  | { readonly type: "converged"; readonly afterMs: number | undefined };
