/**
 * Bounds of the journal and of `/bzzz/sync/1.0.0` (design section 5).
 *
 * @module
 */

/** How far this node's stamps follow those of others into the future (S-36: more than 5 minutes is warned about). */
export const MAX_CLOCK_AHEAD_MS = 5 * 60_000;
/**
 * What is stamped further in the future is not taken live. Twice what stamps follow: a node that was led ahead by the
 * full 5 minutes is still heard by nodes whose clocks are 5 minutes behind its own.
 */
export const MAX_STAMP_AHEAD_MS = 2 * MAX_CLOCK_AHEAD_MS;

/** A signal older than this is a replay or came too late to matter. */
export const SIGNAL_FRESH_MS = 60_000;
/** Ids of signals, and authors of signals, that are remembered. */
export const SIGNAL_MEMORY = 4096;
/** Signals of one author in the long run and at once; a node announces every 5 s, and whenever its work changes. */
export const SIGNALS_PER_SECOND = 20;
export const SIGNAL_BURST = 100;

/**
 * Longest frame of a kind that this version does not know: it is kept for the chain alone. Of a read_only member, who may
 * only announce, less.
 */
export const MAX_OPAQUE_BYTES = 64 * 1024;
export const MAX_OPAQUE_READ_ONLY_BYTES = 4 * 1024;

/** Entries that wait for their predecessors: per author, in all, and their bytes. More are dropped; sync brings them. */
export const MAX_BUFFERED_PER_AUTHOR = 64;
export const MAX_BUFFERED = 1024;
export const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** Entries and appends that wait for the next commit. */
export const MAX_PENDING = 4096;
export const MAX_PENDING_BYTES = 16 * 1024 * 1024;

/** Seqs are reserved on disk in blocks of this many, so that one fsync covers a block. */
export const SEQ_BLOCK = 256;
/** An append waits this long for the own log to be pulled back before it gives up. */
export const CATCH_UP_WAIT_MS = 10_000;
/**
 * After an end without order, which a copy of a running data directory looks like too, a peer is asked what it has of the
 * own log before anything is added to it; for this long at most, as a node must also work where nobody answers.
 */
export const FIRST_CONTACT_WAIT_MS = 3_000;
/**
 * Where the end of the own log is not known, as after a restored backup, the first peer who answers may lack the last entries.
 * Every peer that is connected is asked at once; this is how long those that answer later have, as long as the first contact.
 */
export const OTHERS_WAIT_MS = 3_000;
/** Appends that wait for it. */
export const MAX_WAITING_APPENDS = 256;

/** Frames handed to the publisher at once. */
export const OUTBOX_BATCH = 64;
/** Pause after a publisher that failed. */
export const OUTBOX_RETRY_BASE_MS = 500;
export const OUTBOX_RETRY_MAX_MS = 30_000;
/** Published rows leave the disk with the next commit, or after this. */
export const OUTBOX_TIDY_MS = 1_000;

/** A proof of a fork that could not be appended, on a full disk for example, is tried again after this. */
export const FORK_RETRY_MS = 5_000;

/** How often retention runs, and how many entries one transaction prunes. */
export const RETENTION_PERIOD_MS = 3_600_000;
export const RETENTION_BATCH = 256;
/** How much younger than the policy a pruned body may be: the pruner's clock may be ahead of ours. */
export const RETENTION_TOLERANCE_MS = 2 * MAX_CLOCK_AHEAD_MS;
/** Policies count in days, so no honest peer prunes a body that is younger than one. */
export const MIN_KEEP_MS = 24 * 3_600_000;
/** A body that no peer had for this long of asking (a random peer every 10 s) counts as lost to the mesh. */
export const LOST_BODY_WAIT_MS = 10 * 60_000;
/** For this long after it, the bodies that are missing from the same log are given up without another wait. */
export const LOST_BODY_WINDOW_MS = 10 * 60_000;
/** Authors whose missing bodies are waited for; the longest unseen is forgotten, and its wait begins anew. */
export const MAX_LOST_BODY_AUTHORS = 1024;

/** The sync protocol. */
export const SYNC_PROTOCOL = "/bzzz/sync/1.0.0";
/** Bytes of frames in one message of the responder; one larger frame travels alone. */
export const SYNC_BATCH_BYTES = 256 * 1024;
/** Authors in a vector. */
export const MAX_VECTOR_AUTHORS = 10_000;
/** Frames in one message, whatever their size. */
export const MAX_BATCH_FRAMES = 4096;
/** Entries verified before the event loop gets its turn (about 100 µs each). */
export const VERIFY_SLICE = 24;
export const MAX_PULLS = 2;
export const MAX_SERVED = 4;
/** Exchanges served for one peer: one, and one that takes over when its connection was replaced. */
export const MAX_SERVED_PER_PEER = 2;
/** A peer that is busy is asked again after this, plus as much again at random. */
export const SYNC_BUSY_RETRY_MS = 500;
/** After a commit that failed nothing is fetched for this long: it could not be stored. */
export const SYNC_STORE_PAUSE_MS = 5_000;
/** One message must arrive, or be taken, within this. */
export const SYNC_STEP_TIMEOUT_MS = 10_000;
/** One exchange ends by then, complete or not; the next one goes on where it stopped. */
export const SYNC_TOTAL_TIMEOUT_MS = 5 * 60_000;
/** An exchange that has lasted this long and brought less than this rate makes room for others: peers may drip. */
export const SYNC_PATIENCE_MS = 20_000;
export const SYNC_MIN_BYTES_PER_SECOND = 4096;
/** A random peer is asked this often. */
export const SYNC_PERIOD_MS = 10_000;
/** Gossip's mesh needs a heartbeat (1 s) to form; what is published before is fetched by this second look. */
export const SYNC_SECOND_LOOK_MS = 2_000;
/** Gossip reorders by some milliseconds; a gap that lasts longer is real. */
export const SYNC_GAP_DELAY_MS = 150;
/** An author that we refused for lack of a grant is not asked for again before this. */
export const SYNC_REFUSED_AUTHOR_MS = 15_000;
/** Messages without anything new that a responder may send in one exchange. */
export const MAX_USELESS_BATCHES = 32;
/** Peers that wait for their pull. */
export const MAX_QUEUED_PULLS = 256;
