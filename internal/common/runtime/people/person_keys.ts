import {
  type DeviceCertificate,
  IdentityError,
  loadApprovalKey,
  loadPerson,
  loadPersonRoot,
  type PersonBook,
  type PersonFiles,
  relockPerson,
} from "@bzzz/agentid";
import { abortable, BzzzError, type Clock, type MeshId, type Random, SerialQueue, TaskGroup } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import { TOPICS } from "@bzzz/wire";
import { type CloseReason, OpenKey, type OpenKeyLimits } from "./open_key.ts";

/** A person's key that cannot be used now. The codes are those of the API. */
export class PersonKeyError extends BzzzError<"identity_locked" | "not_allowed"> {}

/** Pause after a wrong passphrase; the next one is twice as long. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** Passphrases that wait for the one before; more are refused. Each costs 64 MiB while it is tried. */
const MAX_WAITING = 4;

/** Whether the key can be used now. */
export type PersonKeyState =
  /** Nobody's key is here. */
  | { readonly type: "none" }
  /** It has no passphrase: whoever can use this node's API can decide for the person. */
  | { readonly type: "open"; readonly files: PersonFiles }
  | { readonly type: "locked"; readonly files: PersonFiles }
  | { readonly type: "unlocked"; readonly files: PersonFiles; readonly untilMs: number };

/** What the keys of a person stand on. */
export interface PersonKeysDeps {
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "setTimer" | "setPeriodic">;
  readonly random: Random;
  readonly logger: Logger;
  readonly journal: Pick<Journal, "append">;
  readonly book: Pick<PersonBook, "certificateOf">;
}

/**
 * The key that signs a person's decisions, locked but for a time after its passphrase was given (`OpenKey`). It signs through
 * `sign` alone. Stop it with the node: it wipes the key.
 */
export class PersonKeys {
  readonly #deps: PersonKeysDeps;
  readonly #work: TaskGroup;
  readonly #stopped = new AbortController();
  readonly #home: string;
  readonly #mesh: MeshId;
  readonly #limits: OpenKeyLimits;
  readonly #open: OpenKey;
  readonly #attempts = new SerialQueue({ capacity: MAX_WAITING });
  #failures = 0;
  #notBeforeMs = 0;

  constructor(
    deps: PersonKeysDeps,
    options: { readonly home: string; readonly mesh: MeshId; readonly limits: OpenKeyLimits },
  ) {
    this.#deps = deps;
    this.#work = new TaskGroup((error, what) => {
      if (!this.#stopped.signal.aborted) deps.logger.warn("A task of the person failed", { what }, error);
    });
    this.#home = options.home;
    this.#mesh = options.mesh;
    this.#limits = options.limits;
    this.#open = new OpenKey(deps.clock, (reason) => deps.logger.debug("The person's key is closed", { reason }));
  }

  /** Tells the mesh of this device, if nothing has yet. What fails now is tried at the next start. */
  start(): void {
    this.#work.run("announce the device", () => this.announce());
  }

  /** Resolves when the certificate is in the journal; at once where nobody's is here, or the mesh knows it. */
  async announce(): Promise<void> {
    const files = await loadPerson(this.#home, this.#mesh);
    const { book, journal } = this.#deps;
    if (!files || book.certificateOf(files.certificate.peer)?.id === files.certificate.id) return;
    const body = { record: files.certificate.bytes };
    const told = journal.append({ kind: "person_record", topic: TOPICS.agents, body });
    await abortable(told, this.#stopped.signal); // a log that has to catch up first may take longer than a stop
  }

  /** @throws IdentityError "key_permissions" */
  async state(): Promise<PersonKeyState> {
    const files = await loadPerson(this.#home, this.#mesh);
    if (!files) return { type: "none" };
    if (!files.isLocked) return { type: "open", files };
    const untilMs = this.#open.untilMs();
    return untilMs === undefined ? { type: "locked", files } : { type: "unlocked", files, untilMs };
  }

  /**
   * Opens the key for a while. Wrong passphrases make the next attempt wait, longer each time.
   * @throws PersonKeyError "identity_locked" for a wrong one, or too early after one; IdentityError
   */
  async unlock(passphrase: string): Promise<void> {
    await this.#attempts.run(async () => this.#open.hold(await this.#load(passphrase), this.#limits));
  }

  /** Wipes the key from memory. Idempotent. */
  lock(reason: CloseReason = "told"): void {
    this.#open.close(reason);
  }

  /** Resolves when what it had begun is over. */
  async stop(): Promise<void> {
    this.lock();
    this.#stopped.abort();
    await this.#work.settled();
  }

  /** Replaces the passphrase of the person's keys; undefined takes it off. Locks. @throws as `unlock`; PersonKeyError "not_allowed" */
  async relock(change: { readonly old: string | undefined; readonly next: string | undefined }): Promise<void> {
    const { files } = await this.#require();
    const old = files.isLocked ? { passphrase: change.old ?? "" } : {};
    await this.#attempts.run(async () => {
      if (old.passphrase !== undefined) (await this.#load(old.passphrase)).wipe();
      const next = change.next === undefined ? {} : { passphrase: change.next };
      await relockPerson(this.#home, this.#deps, { old, next });
    });
    this.lock();
  }

  /**
   * Signs with the key. A passphrase that comes with it opens the key for a while; without one it must be open, and never is
   * for what is `isHigh`: that takes the passphrase each time.
   * @throws PersonKeyError "identity_locked", "not_allowed" where nobody's key is
   */
  async sign<T>(
    use: { readonly passphrase?: string | undefined; readonly isHigh: boolean },
    work: (key: SigningKey, certificate: DeviceCertificate) => T,
  ): Promise<T> {
    const { files } = await this.#require();
    const { certificate } = files;
    if (!files.isLocked) {
      const key = await loadApprovalKey(this.#home, {});
      try {
        return work(key, certificate);
      } finally {
        key.wipe();
      }
    }
    if (use.passphrase !== undefined) await this.unlock(use.passphrase);
    else if (use.isHigh) {
      throw new PersonKeyError("identity_locked", "Cannot sign: high stakes take the passphrase of your key each time");
    }
    const key = this.#open.use();
    if (!key) {
      throw new PersonKeyError(
        "identity_locked",
        'Cannot sign: your key is locked; give its passphrase, or open it for a while with "bzzz-hap identity unlock"',
      );
    }
    return work(key, certificate);
  }

  /**
   * Refuses while the person's key is locked: for what makes somebody a person of the mesh, which is as good as to decide.
   * @throws PersonKeyError "identity_locked"
   */
  async assertNotLocked(what: string): Promise<void> {
    if ((await this.state()).type !== "locked") return;
    throw new PersonKeyError(
      "identity_locked",
      `Cannot ${what}: your key is locked; open it with "bzzz-hap identity unlock"`,
    );
  }

  /**
   * Works with the person's root key, which is opened for this alone. Locked, it takes the passphrase each time.
   * @throws PersonKeyError as `unlock`, "not_allowed" where nobody's key is; IdentityError "person_missing" where the root key
   * is kept elsewhere
   */
  async withRoot<T>(
    passphrase: string | undefined,
    work: (root: SigningKey, lock: { readonly passphrase?: string }) => Promise<T>,
  ): Promise<T> {
    const { files } = await this.#require();
    if (files.isLocked && passphrase === undefined) {
      throw new PersonKeyError("identity_locked", "Cannot use your root key: it takes the passphrase each time");
    }
    const lock = files.isLocked && passphrase !== undefined ? { passphrase } : {};
    if (lock.passphrase !== undefined) (await this.#attempts.run(() => this.#load(lock.passphrase))).wipe();
    const root = await loadPersonRoot(this.#home, lock);
    try {
      return await work(root, lock);
    } finally {
      root.wipe();
    }
  }

  async #require(): Promise<{ readonly files: PersonFiles }> {
    const state = await this.state();
    if (state.type !== "none") return state;
    throw new PersonKeyError(
      "not_allowed",
      'Cannot sign: this node has no person\'s key; make one with "bzzz-hap identity create"',
    );
  }

  async #load(passphrase: string): Promise<SigningKey> {
    const { clock } = this.#deps;
    const leftMs = this.#notBeforeMs - clock.monotonicMs();
    if (leftMs > 0) {
      throw new PersonKeyError(
        "identity_locked",
        `Cannot open your key: the passphrase was wrong; try again in ${Math.ceil(leftMs / 1000)} s`,
        { details: { retry_after_ms: Math.ceil(leftMs) } },
      );
    }
    try {
      const key = await loadApprovalKey(this.#home, { passphrase });
      this.#failures = 0;
      return key;
    } catch (cause) {
      if (!(cause instanceof IdentityError) || cause.code !== "wrong_passphrase") throw cause;
      this.#notBeforeMs = clock.monotonicMs() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
      throw new PersonKeyError("identity_locked", "Cannot open your key: the passphrase is wrong", { cause });
    }
  }
}
