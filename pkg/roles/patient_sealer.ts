import { type Bytes, BzzzError, type Clock } from "@bzzz/base";
import type { Role } from "@bzzz/crypto";
import type { ContentSealer } from "./sealer.ts";

/** How long keys on their way may take: a synchronisation, or the pause of a master that was not the cause. */
const WAIT_MS = 5_000;
/** Callers that may wait at once; one more is told at once what is missing. */
const MAX_WAITING = 64;
/** What the keys' next change may mend. */
const PASSING: ReadonlySet<string> = new Set(["role_key_missing", "role_key_exposed"]);

/** What a patient sealer stands on. */
export interface PatientSealerDeps {
  readonly sealer: ContentSealer;
  readonly clock: Pick<Clock, "setTimer">;
  /** Aborted when the node stops: who waits is then told what is missing. */
  readonly stopped: AbortSignal;
}

/**
 * Seals as soon as the keys are there: a member that has just joined, a founder that has just started and a mesh that has just
 * revoked somebody get them within moments, and nobody has to ask twice for that.
 */
export class PatientSealer implements ContentSealer {
  readonly #deps: PatientSealerDeps;
  #change = Promise.withResolvers<void>();
  #waiting = 0;

  constructor(deps: PatientSealerDeps) {
    this.#deps = deps;
  }

  get revocations(): number {
    return this.#deps.sealer.revocations;
  }

  /** Keys, roles or members have changed: those that wait try again. */
  changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async open(sealed: Uint8Array): Promise<Bytes | "denied"> {
    return await this.#deps.sealer.open(sealed);
  }

  async seal(bytes: Uint8Array, audience: readonly Role[]): Promise<Bytes> {
    const change = this.#change.promise; // taken before the try, so that none is missed
    try {
      return await this.#deps.sealer.seal(bytes, audience);
    } catch (error) {
      if (!isPassing(error) || this.#waiting >= MAX_WAITING || this.#deps.stopped.aborted) throw error;
      return await this.#sealLater(change, bytes, audience, error);
    }
  }

  async #sealLater(
    firstChange: Promise<void>,
    bytes: Uint8Array,
    audience: readonly Role[],
    firstError: unknown,
  ): Promise<Bytes> {
    const { clock, stopped, sealer } = this.#deps;
    const over = Promise.withResolvers<"over">();
    const end = () => over.resolve("over");
    const timer = clock.setTimer(WAIT_MS, end);
    stopped.addEventListener("abort", end, { once: true });
    this.#waiting++;
    try {
      for (let change = firstChange, missing = firstError;;) {
        if (await Promise.race([change, over.promise]) === "over") throw missing;
        change = this.#change.promise;
        try {
          return await sealer.seal(bytes, audience);
        } catch (error) {
          if (!isPassing(error)) throw error;
          missing = error;
        }
      }
    } finally {
      this.#waiting--;
      timer.cancel();
      stopped.removeEventListener("abort", end);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof BzzzError && PASSING.has(error.code);
}
