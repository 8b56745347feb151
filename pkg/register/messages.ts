import type { Ballot } from "./ballot.ts";
import type { Certificate } from "./certificate.ts";
import type { RegisterKey } from "./keys.ts";

/** A value that a voter has accepted, and where. No bytes: it was decided that there is nothing (`contentOf`). */
export interface Accepted {
  readonly ballot: Ballot;
  readonly epoch: number;
  readonly value: Uint8Array;
}

/** Written where a register without a value must be confirmed as such. */
export const NOTHING: Uint8Array = new Uint8Array(0);

/** What the rules see of an accepted value. */
export function contentOf(accepted: { readonly value: Uint8Array } | undefined): Uint8Array | undefined {
  return accepted && accepted.value.byteLength > 0 ? accepted.value : undefined;
}

/**
 * What one voter asks another about one key. A request arrives at most once, as a stream brings it: a voter that refused it has
 * not accepted it and will not.
 */
export type VoterRequest =
  /** What have you accepted? Changes nothing. */
  | { readonly type: "peek"; readonly key: RegisterKey; readonly epoch: number }
  /** Promise to take part in nothing below this ballot, and say what you have accepted. */
  | { readonly type: "prepare"; readonly key: RegisterKey; readonly epoch: number; readonly ballot: Ballot }
  /** Accept `value`: what `command` makes of `previous`; without a command it is `previous` again, or nothing. */
  | {
    readonly type: "accept";
    readonly key: RegisterKey;
    readonly epoch: number;
    readonly ballot: Ballot;
    readonly previous?: Accepted | undefined;
    readonly command?: Uint8Array | undefined;
    readonly value: Uint8Array;
  }
  /** Would you accept this command on what you have? Changes nothing, promises nothing. */
  | { readonly type: "probe"; readonly key: RegisterKey; readonly epoch: number; readonly command: Uint8Array }
  /** Your record of this key is damaged: here is what the others decided since you said so. */
  | { readonly type: "repair"; readonly certificate: Certificate };

/** What the voter answers. */
export type VoterReply =
  | { readonly type: "peeked"; readonly accepted?: (Accepted & { readonly signature: Uint8Array }) | undefined }
  | { readonly type: "promise"; readonly accepted?: Accepted | undefined }
  | { readonly type: "accepted"; readonly signature: Uint8Array }
  | { readonly type: "would_accept" }
  /** It has promised to take part in nothing below `promised`. */
  | { readonly type: "nack"; readonly promised: Ballot }
  /** `isFinal`: not before something else changes. Otherwise it may become true, after `retryAfterMs` when that is known. */
  | {
    readonly type: "refused";
    readonly code: string;
    readonly isFinal: boolean;
    readonly retryAfterMs?: number | undefined;
  }
  /** It cannot read its record of this key, and abstains. */
  | { readonly type: "damaged" }
  /** The asker's voters are of the past. */
  | { readonly type: "stale_epoch"; readonly epoch: number }
  /** The voter itself has not heard of that epoch yet. */
  | { readonly type: "behind"; readonly epoch: number }
  /** One of the two is no voter, or the voter has lost its seat. */
  | { readonly type: "not_a_voter" }
  /** It cannot write, or has too much to do. */
  | { readonly type: "unavailable" }
  | { readonly type: "repaired" };
