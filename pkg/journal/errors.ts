import { BzzzError } from "@bzzz/base";

/**
 * - `journal_behind`: this node's own log is older than what it once published; it waits for its peers
 * - `journal_busy`: too many appends wait
 * - `journal_forked`: two entries of this node's key exist at one seq; the key must be replaced
 * - `journal_stopped`: the journal was stopped
 * - `journal_not_allowed`: this node's grant does not let it write that kind
 * - `journal_entry_too_large`: the entry exceeds what this node may send
 */
export type JournalErrorCode =
  | "journal_behind"
  | "journal_busy"
  | "journal_forked"
  | "journal_stopped"
  | "journal_not_allowed"
  | "journal_entry_too_large";

/** An append that was refused; nothing was stored or published. */
export class JournalError extends BzzzError<JournalErrorCode> {}

/**
 * - `sync_bad_frames`: the peer sent what no honest peer sends
 * - `sync_protocol`: the peer did not follow the protocol
 * - `sync_busy`: the peer serves enough others
 * - `sync_too_slow`: the peer kept the exchange open and brought next to nothing
 * - `sync_ended`: the peer or this node ended the exchange; nobody's fault
 */
export type SyncErrorCode = "sync_bad_frames" | "sync_protocol" | "sync_busy" | "sync_too_slow" | "sync_ended";

/** An exchange that ended early. What was stored before stays. */
export class SyncError extends BzzzError<SyncErrorCode> {}
