import type { Membership } from "@bzzz/agentid";
import { type Clock, createDeadline, errorMessage, once, type PeerId, TaskGroup, type Timer } from "@bzzz/base";
import {
  ADMIN_ROLE,
  type AgeOpener,
  ageRecipientOfSecret,
  can,
  combineShareBytes,
  createAgeOpener,
  CryptoError,
  openContent,
  sealContent,
  splitSecretBytes,
} from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import type { PeerStream, StreamOpener } from "@bzzz/p2p";
import {
  type KeyMember,
  type Keyring,
  planShares,
  type RoleKeyLedger,
  type ShareLedger,
  shareThreshold,
} from "@bzzz/roles";
import { decodeCbor, encodeCbor, TOPICS } from "@bzzz/wire";
import { z } from "zod";
import type { AccessAudit } from "./access_audit.ts";

/** Protocol by which the leader asks for shares. */
export const ADMIN_SHARE_PROTOCOL = "/bzzz/admin-share/1.0.0";

/** Who leads now, as this node sees it. */
export interface CurrentLeader {
  readonly term: number;
  readonly holder: PeerId | undefined;
}

/** A term that this node leads. */
export interface HeldTerm {
  readonly term: number;
  /** Aborts when it leads no more. */
  readonly signal: AbortSignal;
}

/** What the admin key stands on. */
export interface AdminKeyDeps {
  readonly shares: ShareLedger;
  readonly ledger: RoleKeyLedger;
  readonly keyring: Keyring;
  /** The node's own age identity, opened. */
  readonly self: AgeOpener;
  readonly peer: PeerId;
  readonly membership: Pick<Membership, "grantOf">;
  readonly roster: () => readonly KeyMember[];
  readonly leader: () => CurrentLeader | undefined;
  readonly journal: Pick<Journal, "append" | "state">;
  readonly streams: StreamOpener;
  readonly audit: AccessAudit;
  readonly clock: Pick<Clock, "nowMs" | "setTimer" | "setPeriodic">;
  readonly logger: Logger;
}

const bytes = once(() => z.instanceof(Uint8Array));
const requestSchema = once(() => z.object({ term: z.int().min(1), recipient: z.string().max(128) }));
const answerSchema = once(() => z.union([z.object({ sealed: bytes() }), z.object({ refused: z.string().max(64) })]));

/** One question to one holder. */
const ASK_TIMEOUT_MS = 10_000;
const CHECK_PERIOD_MS = 60_000;
/** Between two askings of a leader that was given too few shares; doubles. */
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;

/**
 * The admin key without an owner: a master splits it among members, the leader of a term puts it together from a majority
 * of them for as long as it leads, and every holder looks for itself who leads, and leaves a trace, before it gives its share.
 */
export class AdminKey {
  readonly #deps: AdminKeyDeps;
  readonly #tasks: TaskGroup;
  #period: Timer | undefined;

  constructor(deps: AdminKeyDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error) => deps.logger.warn("The admin key could not be looked after", {}, error));
  }

  /** Answers leaders, and on a node that has the admin key looks every minute whether it has to be split anew. */
  start(): void {
    this.serve();
    this.#period = this.#deps.clock.setPeriodic(CHECK_PERIOD_MS, () => {
      this.#tasks.run("splitting", async () => void await this.shareIfNeeded());
    }, { unref: true });
  }

  async stop(): Promise<void> {
    this.#period?.cancel();
    await this.#tasks.settled();
  }

  /** Answers leaders from now on, until the node stops. */
  serve(): void {
    this.#deps.streams.handle(ADMIN_SHARE_PROTOCOL, (stream) => this.#serve(stream), { maxInboundStreams: 2 });
  }

  /** Resolves when nothing is being put together any more. */
  async settled(): Promise<void> {
    await this.#tasks.settled();
  }

  /**
   * On a node that has the admin key: splits it anew when another key, or other holders, ask for it. Whether it did.
   *
   * @throws JournalError, StoreError
   */
  async shareIfNeeded(): Promise<boolean> {
    const { shares, ledger, keyring, roster, journal, logger } = this.#deps;
    const key = ledger.current(ADMIN_ROLE);
    if (journal.state !== "ready") return false;
    const holders = planShares({ current: shares.current(), recipient: key?.recipient, roster: roster() });
    if (!key || !holders || !keyring.has(key)) return false;
    const threshold = shareThreshold(holders.length);
    const secret = await keyring.secretOf(key);
    const parts = await splitSecretBytes(secret, { shares: holders.length, threshold });
    secret.fill(0);
    try {
      const sealed = await Promise.all(holders.map(async (holder, i) => ({
        ...holder,
        sealed: await sealContent([holder.to], parts[i] ?? new Uint8Array()),
      })));
      await journal.append({
        kind: "admin_key_shared",
        topic: TOPICS.agents,
        body: { recipient: key.recipient, threshold, shares: sealed },
      });
    } finally {
      for (const part of parts) part.fill(0);
    }
    logger.info("The admin key was split", { holders: holders.length, threshold });
    return true;
  }

  /**
   * This node leads: it reads what admins read until `signal` aborts. In the background; while too few give their shares they are asked
   * again after one minute, two, four, up to an hour, because each that gives one leaves a trace.
   */
  lead(held: HeldTerm): void {
    this.#tryLead(held, FIRST_RETRY_MS);
  }

  #tryLead(held: HeldTerm, retryMs: number): void {
    this.#tasks.run("admin key", async () => {
      const opener = await this.assemble(held);
      if (held.signal.aborted) return;
      const left = opener ? this.#deps.keyring.lend(opener) : this.#retryLater(held, retryMs);
      held.signal.addEventListener("abort", () => left[Symbol.dispose](), { once: true });
    });
  }

  #retryLater(held: HeldTerm, retryMs: number): Disposable {
    const again = () => this.#tryLead(held, Math.min(2 * retryMs, MAX_RETRY_MS));
    const timer = this.#deps.clock.setTimer(retryMs, again, { unref: true });
    return { [Symbol.dispose]: () => timer.cancel() };
  }

  /** The admin key out of a majority of shares; undefined when too few were given or they do not fit. */
  async assemble(held: HeldTerm): Promise<AgeOpener | undefined> {
    const set = this.#deps.shares.current();
    if (!set) return undefined;
    const parts: Uint8Array[] = [];
    try {
      for (const { peer } of set.holders) {
        if (parts.length === set.threshold || held.signal.aborted) break;
        const part = peer === this.#deps.peer ? await this.#own() : await this.#ask(peer, held, set.recipient);
        if (part) parts.push(part);
      }
      if (parts.length < set.threshold) return undefined;
      const secret = await combineShareBytes(parts);
      try {
        return ageRecipientOfSecret(secret) === set.recipient ? await createAgeOpener(secret) : undefined;
      } finally {
        secret.fill(0);
      }
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      this.#deps.logger.warn("The shares of the admin key do not fit together", { reason: error.code });
      return undefined;
    } finally {
      for (const part of parts) part.fill(0);
    }
  }

  async #own(): Promise<Uint8Array | undefined> {
    const share = this.#deps.shares.current()?.ownShare;
    return share && await openContent([this.#deps.self], share);
  }

  async #ask(peer: PeerId, held: HeldTerm, recipient: string): Promise<Uint8Array | undefined> {
    const { streams, self, clock, logger } = this.#deps;
    using deadline = createDeadline(clock, {
      timeoutMs: ASK_TIMEOUT_MS,
      what: "asking for a share",
      parent: held.signal,
    });
    try {
      const stream = await streams.open(peer, ADMIN_SHARE_PROTOCOL, { signal: deadline.signal });
      await stream.send(encodeCbor({ term: held.term, recipient }));
      const frame = await stream.receive({ signal: deadline.signal });
      await stream.close();
      const answer = frame && answerSchema().safeParse(decodeCbor(frame));
      if (answer?.success && "sealed" in answer.data) return await openContent([self], answer.data.sealed);
      logger.debug("A share of the admin key was not given", { peer });
    } catch (error) {
      logger.debug("A holder of a share could not be asked", { peer, reason: errorMessage(error) });
    }
    return undefined;
  }

  async #serve(stream: PeerStream): Promise<void> {
    const frame = await stream.receive();
    if (!frame) return;
    const request = requestSchema().safeParse(decodeCbor(frame));
    if (!request.success) throw new Error("the request for a share is malformed");
    await stream.send(encodeCbor(await this.#answer(stream.remote, request.data)));
  }

  async #answer(
    asker: PeerId,
    { term, recipient }: z.output<ReturnType<typeof requestSchema>>,
  ): Promise<{ sealed: Uint8Array } | { refused: string }> {
    const { shares, membership, leader, clock, audit } = this.#deps;
    const grant = membership.grantOf(asker, clock.nowMs());
    const now = leader();
    const isLeader = now?.holder === asker && now.term === term;
    const decision = grant
      ? can("admin_key", "release", { ...grant, isLeader })
      : { allow: false, reason: "it has no valid grant" };
    const about = { resource: "admin_key", operation: "release", subject: asker, detail: `term ${term}` } as const;
    if (!grant || !decision.allow) {
      audit.refused({ ...about, reason: decision.reason });
      return { refused: "not_the_leader" };
    }
    const set = shares.current();
    if (set?.recipient !== recipient || !set.ownShare) return { refused: "no_share" };
    await audit.allowed({ ...about, reason: decision.reason });
    const share = await openContent([this.#deps.self], set.ownShare);
    try {
      return { sealed: await sealContent([grant.ageRecipient], share) };
    } finally {
      share.fill(0);
    }
  }
}
