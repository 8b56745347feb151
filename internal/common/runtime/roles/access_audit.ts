import { type Clock, LruMap, type PeerId, TaskGroup, TokenBucket } from "@bzzz/base";
import type { AccessOperation, Resource } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import { TOPICS } from "@bzzz/wire";

/** One decision about who may do what. */
export interface DecidedAccess {
  readonly resource: Resource;
  readonly operation: AccessOperation;
  /** Who asked. */
  readonly subject: PeerId;
  readonly allow: boolean;
  readonly reason: string;
  /** Which one: the name of a role, of a set of shares. */
  readonly detail?: string;
}

/** What the audit stands on. */
export interface AccessAuditDeps {
  readonly journal: Pick<Journal, "append">;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
}

/** Equal refusals within this time share one entry. */
const REPEAT_MS = 60_000;
/** Refusals that are told apart; and entries about refusals, in all, per minute. */
const MAX_REMEMBERED = 256;
const MAX_REFUSALS_PER_MINUTE = 30;
const MAX_TEXT_CHARACTERS = 256;

interface Repeated {
  readonly sinceMs: number;
  suppressed: number;
}

/**
 * Writes decisions into the journal (`access_decided`), for everybody to see. What was allowed is written before it is done;
 * of refusals, which others can cause at will, one a minute each and thirty in all.
 */
export class AccessAudit {
  readonly #deps: AccessAuditDeps;
  readonly #repeated = new LruMap<string, Repeated>(MAX_REMEMBERED);
  readonly #bucket: TokenBucket;
  readonly #tasks: TaskGroup;

  constructor(deps: AccessAuditDeps) {
    this.#deps = deps;
    this.#bucket = new TokenBucket({
      perSecond: MAX_REFUSALS_PER_MINUTE / 60,
      burst: MAX_REFUSALS_PER_MINUTE,
      nowMs: deps.clock.monotonicMs(),
    });
    this.#tasks = new TaskGroup((error) => deps.logger.warn("A refusal was not written to the journal", {}, error));
  }

  /**
   * Resolves when the decision is on disk: for what must leave a trace before it happens.
   *
   * @throws JournalError, StoreError: there is no trace, so it must not happen
   */
  async allowed(decision: Omit<DecidedAccess, "allow">): Promise<void> {
    await this.#write({ ...decision, allow: true }, 0);
  }

  /** Writes a refusal in the background, unless the same was written a moment ago. */
  refused(decision: Omit<DecidedAccess, "allow">): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const name = [decision.subject, decision.resource, decision.operation, decision.detail].join("\0");
    const known = this.#repeated.get(name);
    const isRepeated = known !== undefined && nowMs - known.sinceMs < REPEAT_MS;
    if (isRepeated || !this.#bucket.take(nowMs)) {
      if (known) known.suppressed++;
      return;
    }
    this.#repeated.set(name, { sinceMs: nowMs, suppressed: 0 });
    this.#tasks.run("audit", () => this.#write({ ...decision, allow: false }, known?.suppressed ?? 0));
  }

  /** Resolves when nothing waits to be written. */
  async settled(): Promise<void> {
    await this.#tasks.settled();
  }

  async #write(decision: DecidedAccess, suppressed: number): Promise<void> {
    const { resource, operation, subject, allow, reason, detail } = decision;
    await this.#deps.journal.append({
      kind: "access_decided",
      topic: TOPICS.agents,
      body: {
        resource,
        operation,
        subject,
        allow,
        reason: reason.slice(0, MAX_TEXT_CHARACTERS),
        ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_TEXT_CHARACTERS) }),
        ...(suppressed === 0 ? {} : { suppressed }),
      },
    });
  }
}
