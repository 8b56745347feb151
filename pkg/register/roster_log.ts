import type { MeshId, PeerId } from "@bzzz/base";
import type { KeyValueStore } from "@bzzz/store";
import { decodeCertificate } from "./certificate.ts";
import { ROSTER_RECORDS_PER_MESSAGE } from "./constants.ts";
import { openGenesis, rosterCodec, verifyRosterStep, type VoterRoster } from "./voter_roster.ts";

const PREFIX = "register/roster/";

/** The part of a mesh that rosters are checked against. */
export interface RosterMesh {
  readonly meshId: MeshId;
  readonly rootPublicKey: Uint8Array;
}

/**
 * The history of the voters: the root's word for epoch 1, then a certificate for each step, each checked against the one
 * before. On disk before it counts. The present roster is its last.
 */
export class RosterLog {
  readonly #deps: { readonly kv: KeyValueStore; readonly mesh: RosterMesh };
  readonly #records: Uint8Array[] = [];
  #current: VoterRoster | undefined;

  constructor(deps: { readonly kv: KeyValueStore; readonly mesh: RosterMesh }) {
    this.#deps = deps;
    for (const key of deps.kv.keys(PREFIX)) {
      const record = deps.kv.get(key);
      const next = record && this.#following(record);
      if (!next) break; // what follows a damaged record is learned again
      this.#records.push(record);
      this.#current = next;
    }
  }

  get current(): VoterRoster | undefined {
    return this.#current;
  }

  /** The roster of epoch 1. */
  get genesis(): VoterRoster | undefined {
    const [first] = this.#records;
    return first && openGenesis(this.#deps.mesh, first);
  }

  /** Whether some roster of the history names that seat. */
  wasSeated(peer: PeerId, seat: string): boolean {
    const rosters = [this.genesis, ...this.#records.map((record) => rosterOf(record))];
    return rosters.some((roster) => roster?.voters.some((voter) => voter.peer === peer && voter.seat === seat));
  }

  /** Every record, oldest first. */
  all(): readonly Uint8Array[] {
    return this.#records;
  }

  /** How many records there are: the position of the next. */
  get length(): number {
    return this.#records.length;
  }

  /** Records from a position on, as many as one message carries. */
  from(position: number): readonly Uint8Array[] {
    return this.#records.slice(position, position + ROSTER_RECORDS_PER_MESSAGE);
  }

  /** Takes the records that continue the history, in any company; whether there were any. @throws StoreError */
  learn(records: readonly Uint8Array[]): boolean {
    const before = this.#records.length;
    for (const record of records) {
      const next = this.#following(record);
      if (!next) continue;
      this.#deps.kv.set(keyAt(this.#records.length), record);
      this.#records.push(record);
      this.#current = next;
    }
    return this.#records.length > before;
  }

  #following(record: Uint8Array): VoterRoster | undefined {
    const { mesh } = this.#deps;
    if (!this.#current) return openGenesis(mesh, record);
    const certificate = decodeCertificate(record);
    return certificate && verifyRosterStep(this.#current, certificate, mesh.meshId);
  }
}

/** The roster that a certificate of the history names. */
function rosterOf(record: Uint8Array): VoterRoster | undefined {
  const certificate = decodeCertificate(record);
  return certificate && rosterCodec.decode(certificate.value);
}

/** The key of a record, so that keys are in order. */
function keyAt(position: number): string {
  return `${PREFIX}${String(position).padStart(8, "0")}`;
}

/** Puts the first record of a mesh where its founder will find it. */
export function storeGenesis(kv: KeyValueStore, record: Uint8Array): void {
  kv.set(keyAt(0), record);
}

/** Every record of a node's history as it is on disk, oldest first, unchecked; for audits. */
export function readRosterHistory(kv: Pick<KeyValueStore, "keys" | "get">): Uint8Array[] {
  return kv.keys(PREFIX).flatMap((key) => kv.get(key) ?? []);
}
