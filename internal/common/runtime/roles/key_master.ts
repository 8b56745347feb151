import { type Clock, type PeerId, type Random, SerialQueue, TaskGroup, type Timer } from "@bzzz/base";
import { ageRecipientOfSecret, createAgeSecret, type Role, sealContent } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import {
  entitledHolders,
  type KeyHolder,
  type KeyMember,
  type Keyring,
  planKeys,
  type RoleDirectory,
  type RoleKey,
  type RoleKeyLedger,
} from "@bzzz/roles";
import { type BodyOf, MAX_KEY_COPIES, TOPICS } from "@bzzz/wire";

/** What the key master stands on. */
export interface KeyMasterDeps {
  readonly directory: RoleDirectory;
  readonly ledger: RoleKeyLedger;
  readonly keyring: Keyring;
  readonly journal: Journal;
  readonly self: PeerId;
  readonly roster: () => readonly KeyMember[];
  readonly clock: Pick<Clock, "setTimer" | "setPeriodic">;
  readonly random: Random;
  readonly logger: Logger;
}

/** Pause before a master does what another, who caused it, does at once; and between masters, in the order of their ids. */
const GRACE_MS = 5_000;
/** Grants also end by themselves: how often that is looked at. */
const CHECK_PERIOD_MS = 60_000;
/** Keys that may wait to be made. */
const MAX_WAITING = 256;

/**
 * Carries out `planKeys` on the node of a master: makes keys, hands them to those entitled, replaces those that somebody has
 * who is no longer. Any master can; who caused the need acts at once, the others after a pause and only if it is still there.
 * What was done twice does no harm.
 */
export class KeyMaster {
  readonly #deps: KeyMasterDeps;
  readonly #tasks: TaskGroup;
  /** One key after the other, so that each finds the generation before it. */
  readonly #making = new SerialQueue({ capacity: MAX_WAITING });
  #timer: Timer | undefined;
  #timerIsUrgent = false;
  #period: Timer | undefined;
  #isRunning = false;
  #isWanted = false;
  #isStopped = false;

  constructor(deps: KeyMasterDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error) => deps.logger.warn("Role keys could not be brought up to date", {}, error));
  }

  start(): void {
    this.#period = this.#deps.clock.setPeriodic(CHECK_PERIOD_MS, () => this.wake("elsewhere"), { unref: true });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#period?.cancel();
    await this.#tasks.settled();
  }

  /** Something changed that keys depend on; "here": this node caused it. Cheap, and safe to call too often. */
  wake(cause: "here" | "elsewhere"): void {
    if (this.#isStopped || !this.#isMaster()) return;
    if (this.#timer && (this.#timerIsUrgent || cause === "elsewhere")) return;
    this.#timer?.cancel();
    this.#timerIsUrgent = cause === "here";
    this.#timer = this.#deps.clock.setTimer(cause === "here" ? 0 : GRACE_MS * (1 + this.#rank()), () => {
      this.#timer = undefined;
      this.#timerIsUrgent = false;
      this.#run();
    }, { unref: true });
  }

  /**
   * Makes the next generation of a role's key and hands it out; on disk when it resolves.
   *
   * @throws JournalError, StoreError, BzzzError "queue_full"
   */
  async makeKey(role: Role, reason: BodyOf<"role_key_sealed">["reason"]): Promise<RoleKey> {
    return await this.#making.run(() => this.#makeKey(role, reason));
  }

  async #makeKey(role: Role, reason: BodyOf<"role_key_sealed">["reason"]): Promise<RoleKey> {
    const { ledger, random, roster, logger } = this.#deps;
    const secret = createAgeSecret(random);
    try {
      const generation = (ledger.current(role)?.generation ?? 0) + 1;
      const key: RoleKey = { role, generation, recipient: ageRecipientOfSecret(secret) };
      await this.#publish(key, secret, entitledHolders(role, roster()), reason);
      logger.debug("A role key was made", { role, generation, reason });
      return key;
    } finally {
      secret.fill(0);
    }
  }

  #run(): void {
    if (this.#isRunning) {
      this.#isWanted = true;
      return;
    }
    this.#isRunning = true;
    this.#tasks.run("role keys", async () => {
      try {
        await this.#carryOut();
      } finally {
        this.#isRunning = false;
        if (this.#isWanted) {
          this.#isWanted = false;
          this.wake("here");
        }
      }
    });
  }

  async #carryOut(): Promise<void> {
    const { directory, ledger, keyring, journal, roster } = this.#deps;
    if (this.#isStopped || journal.state !== "ready" || !this.#isMaster()) return;
    const plan = planKeys({ ledger, roles: directory.roles(), roster: roster() });
    for (const role of plan.create) await this.makeKey(role, "created");
    for (const role of plan.rotate) await this.makeKey(role, "revoked");
    for (const { key, to } of plan.deliver) {
      if (!keyring.has(key)) continue; // another master has it
      const secret = await keyring.secretOf(key);
      try {
        await this.#publish(key, secret, to, "delivered");
      } finally {
        secret.fill(0);
      }
    }
  }

  async #publish(
    key: RoleKey,
    secret: Uint8Array,
    to: readonly KeyHolder[],
    reason: BodyOf<"role_key_sealed">["reason"],
  ): Promise<void> {
    for (let at = 0; at === 0 || at < to.length; at += MAX_KEY_COPIES) {
      const copies = await Promise.all(
        to.slice(at, at + MAX_KEY_COPIES).map(async (holder) => ({
          ...holder,
          sealed: await sealContent([holder.to], secret),
        })),
      );
      await this.#deps.journal.append({
        kind: "role_key_sealed",
        topic: TOPICS.agents,
        body: { ...key, reason: at === 0 ? reason : "delivered", copies },
      });
    }
  }

  #masters(): KeyMember[] {
    return this.#deps.roster().filter((member) => member.status === "active" && member.level === "master");
  }

  #isMaster(): boolean {
    return this.#masters().some((member) => member.peer === this.#deps.self);
  }

  /** The place of this node among the masters. */
  #rank(): number {
    return this.#masters().map((member) => member.peer).sort().indexOf(this.#deps.self);
  }
}
