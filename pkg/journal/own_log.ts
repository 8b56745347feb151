import type { BzzzError, Clock, Timer } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { CATCH_UP_WAIT_MS, FIRST_CONTACT_WAIT_MS, MAX_WAITING_APPENDS, OTHERS_WAIT_MS } from "./constants.ts";
import { JournalError } from "./errors.ts";
import type { SeqReservation } from "./reservation.ts";
import type { JournalState } from "./types.ts";

interface Waiting {
  readonly proceed: () => void;
  readonly refuse: (error: BzzzError) => void;
  readonly timer: Timer;
}

/**
 * Guards this node's own log against being written twice: a database restored from a backup must first get back what
 * the node once published. Holds appends meanwhile, at most 256 of them, each for at most 10 s.
 */
export class OwnLog {
  readonly #deps: { readonly clock: Pick<Clock, "setTimer">; readonly logger: Logger };
  readonly #reservation: SeqReservation;
  readonly #onState: (state: JournalState) => void;
  readonly #waiting = new Set<Waiting>();
  #state: JournalState = "ready";
  /** The least seq that must be back before anything is appended. */
  #target = 0;
  /** Nothing says that entries are missing; a peer is asked all the same, for a while. */
  #isProbing = false;
  #probe: Timer | undefined;
  /** The target is the very end of the log: the last run ended in order and said so. */
  #isEndKnown = false;
  /** Runs once a peer has told all it has, for those that answer later. */
  #others: Timer | undefined;
  /** How much of the log was here when a peer had told all it has. */
  #toldSeq = 0;

  constructor(
    deps: { readonly clock: Pick<Clock, "setTimer">; readonly logger: Logger },
    reservation: SeqReservation,
    onState: (state: JournalState) => void,
  ) {
    this.#deps = deps;
    this.#reservation = reservation;
    this.#onState = onState;
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Compares the database with the reservation file. `hasOthers`: there are peers who may know more. */
  open(headSeq: number, options: { readonly isForked: boolean; readonly hasOthers: boolean }): void {
    if (options.isForked) return this.#enter("forked");
    const finding = this.#reservation.read();
    if (finding.kind === "block" && headSeq >= finding.from && !finding.isClosed && options.hasOthers) {
      this.#deps.logger.info("The last run did not end in order: a peer is asked before anything is written", {
        waitMs: FIRST_CONTACT_WAIT_MS,
      });
      this.#isProbing = true;
      this.#target = headSeq;
      this.#enter("must_catch_up");
    }
    if (finding.kind === "block" && headSeq < finding.from) {
      this.#isEndKnown = finding.isClosed;
      this.#fallBehind(finding.from, "reservation");
    }
    if (finding.kind === "unreadable") this.#fallBehind(headSeq, "unreadable_reservation");
  }

  /** The network is there: from now on the first contact is waited for, but not for ever. */
  start(): void {
    if (!this.#isProbing || this.#probe) return;
    this.#probe = this.#deps.clock.setTimer(FIRST_CONTACT_WAIT_MS, () => {
      if (this.#isProbing && this.#state === "must_catch_up") this.#recover(this.#target);
    }, { unref: true });
  }

  /** A peer has shown a signed entry of this node at `seq`. */
  noteRemote(seq: number, headSeq: number): void {
    if (seq <= headSeq || (this.#state !== "ready" && this.#state !== "must_catch_up")) return;
    if (seq > this.#target) this.#isEndKnown = false;
    this.#fallBehind(seq, "peer");
  }

  /**
   * A peer says that it has this node's log up to `remoteSeq`, and everything it sent was taken. Its word alone proves
   * nothing (a lie would stop every append): what it really has it has sent, and `noteRemote` has seen it. Nor need it have
   * all: unless the end is known, others may still answer.
   */
  notePulled(remoteSeq: number, headSeq: number): void {
    if (this.#state !== "must_catch_up" || headSeq < this.#target || headSeq < remoteSeq) return;
    if (this.#isProbing || this.#isEndKnown) return this.#recover(headSeq);
    this.#toldSeq = headSeq;
    this.#others ??= this.#deps.clock.setTimer(OTHERS_WAIT_MS, () => {
      this.#others = undefined;
      // or another peer showed more meanwhile, and has not told all
      if (this.#state === "must_catch_up" && this.#toldSeq >= this.#target) this.#recover(this.#toldSeq);
    }, { unref: true });
  }

  fork(): void {
    if (this.#state !== "stopped") this.#enter("forked");
    this.#refuseAll(forkedError());
  }

  stop(): void {
    this.#cancelTimers();
    this.#enter("stopped");
    this.#refuseAll(stoppedError());
  }

  /** Calls `proceed` at once or when the log has caught up, or `refuse`. */
  admit(proceed: () => void, refuse: (error: BzzzError) => void): void {
    if (this.#state === "ready") return proceed();
    if (this.#state === "forked") return refuse(forkedError());
    if (this.#state === "stopped") return refuse(stoppedError());
    if (this.#waiting.size >= MAX_WAITING_APPENDS) {
      return refuse(new JournalError("journal_busy", `Cannot append: ${MAX_WAITING_APPENDS} entries already wait`));
    }
    const timer = this.#deps.clock.setTimer(CATCH_UP_WAIT_MS, () => {
      this.#waiting.delete(waiting);
      refuse(behindError());
    });
    const waiting: Waiting = { proceed, refuse, timer };
    this.#waiting.add(waiting);
  }

  #fallBehind(target: number, cause: "reservation" | "unreadable_reservation" | "peer"): void {
    this.#target = Math.max(this.#target, target);
    const isNews = this.#state !== "must_catch_up" || this.#isProbing;
    this.#isProbing = false;
    if (!isNews) return;
    this.#deps.logger.warn("Own log is older than what was published; appends wait until peers return it", {
      cause,
      target: this.#target,
    });
    this.#enter("must_catch_up");
  }

  #recover(headSeq: number): void {
    this.#deps.logger.info("Own log is complete again", { seq: headSeq });
    this.#target = 0;
    this.#isProbing = false;
    this.#cancelTimers();
    this.#enter("ready");
    for (const waiting of this.#takeWaiting()) waiting.proceed();
  }

  #cancelTimers(): void {
    this.#probe?.cancel();
    this.#others?.cancel();
    this.#others = undefined;
  }

  #refuseAll(error: BzzzError): void {
    for (const waiting of this.#takeWaiting()) waiting.refuse(error);
  }

  #takeWaiting(): Waiting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const { timer } of all) timer.cancel();
    return all;
  }

  #enter(state: JournalState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }
}

function behindError(): JournalError {
  return new JournalError(
    "journal_behind",
    "Cannot append: this data directory is older than what this node published (a restored backup), and no peer has " +
      `returned the missing entries within ${CATCH_UP_WAIT_MS} ms; connect a peer that has them, or, when nobody has, give them up as "Backup and restore" of docs/operate.md says`,
  );
}

function forkedError(): JournalError {
  return new JournalError(
    "journal_forked",
    "Cannot append: two different entries of this node exist with one sequence number, so peers refuse its log; " +
      "give the node a new identity and ask for a new grant",
  );
}

/** What every call after `stop()` gets. */
export function stoppedError(): JournalError {
  return new JournalError("journal_stopped", "Cannot append: the journal was stopped");
}
