import { equalBytes, type PeerId, utf8Encode } from "@bzzz/base";
import type { Admission, AdmissionVerdict, Credentials } from "./types.ts";

/** Peers whose "grant" is the text of their id; the test admits and revokes. Shared by all nodes of one test. */
export class TestRoster {
  readonly #admitted = new Set<PeerId>();
  readonly #listeners = new Set<() => void>();

  admit(...peers: readonly PeerId[]): void {
    for (const peer of peers) this.#admitted.add(peer);
    this.#changed();
  }

  revoke(peer: PeerId): void {
    this.#admitted.delete(peer);
    this.#changed();
  }

  isAdmitted(peer: PeerId): boolean {
    return this.#admitted.has(peer);
  }

  /** The admission of one node. */
  admissionOf(self: PeerId): Admission {
    return {
      isAdmitted: (peer) => this.isAdmitted(peer),
      credentials: (): Credentials => ({ grant: utf8Encode(self), grants: [], revocations: [] }),
      present: (peer, { grant }): AdmissionVerdict => {
        if (!grant || !equalBytes(grant, utf8Encode(peer))) return { admitted: false, reason: "no_grant" };
        return this.isAdmitted(peer) ? { admitted: true } : { admitted: false, reason: "not_in_roster" };
      },
      onChanged: (listener, { signal }) => {
        this.#listeners.add(listener);
        signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
      },
    };
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
