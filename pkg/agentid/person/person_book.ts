import type { MeshId, PeerId } from "@bzzz/base";
import { CLOCK_TOLERANCE_MS, MAX_PERSON_RECORDS_PER_AUTHOR, MAX_SUCCESSIONS } from "../constants.ts";
import type { PersonId } from "../schemas.ts";
import {
  type DeviceCertificate,
  type DeviceRevocation,
  type PersonRecord,
  type PersonRecordId,
  readPersonRecord,
  type Succession,
} from "./person_record.ts";

/** Why a device does not decide for its person. */
export type DeviceFault = "other_person" | "disputed" | "rotated" | "device_revoked" | "expired";

/** Where a device's word stands: at an entry of its log, or, without `seq`, at this moment. */
export interface DeviceMoment {
  /** Number of the entry in the device's log; what came before an end stays valid. */
  readonly seq?: number;
  readonly atMs: number;
}

/** What became of a record: "full" when its bringer has brought as many as one may. */
export type PersonRecordResult =
  | { readonly status: "added"; readonly record: PersonRecord }
  | { readonly status: "known" | "malformed" | "full" };

/**
 * What people's root keys have signed. The same records give the same answers in whatever order they came, below the bound
 * of `MAX_PERSON_RECORDS_PER_AUTHOR`. Which person a node belongs to is not in here: its grant says so.
 */
export class PersonBook {
  readonly mesh: MeshId;
  readonly #known = new Set<PersonRecordId>();
  readonly #countByAuthor = new Map<PeerId, number>();
  readonly #certificates = new Map<PersonId, Map<PeerId, DeviceCertificate>>();
  /** Of those, what each node has told of itself. */
  readonly #shown = new Map<PeerId, DeviceCertificate>();
  readonly #revocations = new Map<PersonId, DeviceRevocation[]>();
  readonly #successions = new Map<PersonId, Succession[]>();
  /** Who came before: of a root that several name the first known. */
  readonly #previous = new Map<PersonId, PersonId>();

  constructor(mesh: MeshId) {
    this.mesh = mesh;
  }

  /** Takes a record that `author`, a member, tells of; it counts by its own signature. */
  add(bytes: Uint8Array, author: PeerId): PersonRecordResult {
    const record = readPersonRecord(bytes, this.mesh);
    if (!record) return { status: "malformed" };
    if (record.type === "certificate" && record.peer === author) this.#show(record);
    if (this.#known.has(record.id)) return { status: "known" };
    const count = this.#countByAuthor.get(author) ?? 0;
    if (count >= MAX_PERSON_RECORDS_PER_AUTHOR) return { status: "full" };
    this.#countByAuthor.set(author, count + 1);
    this.#known.add(record.id);
    this.#take(record);
    return { status: "added", record };
  }

  /** The newest certificate of each device that the root key of `person`, or one that follows it, has signed. */
  devicesOf(person: PersonId): readonly DeviceCertificate[] {
    const newest = new Map<PeerId, DeviceCertificate>();
    for (const root of this.#lineFrom(person).roots) {
      for (const [peer, certificate] of this.#certificates.get(root) ?? []) newest.set(peer, certificate);
    }
    return [...newest.values()];
  }

  /**
   * The newest certificate that a node has told of itself, whoever signed it: what it says of itself, and perhaps nobody has
   * admitted. Anybody can sign one for another's node.
   */
  certificateOf(peer: PeerId): DeviceCertificate | undefined {
    return this.#shown.get(peer);
  }

  /** The root key that speaks for a person now; undefined when two follow the same one: then none of them does. */
  currentRoot(person: PersonId): PersonId | undefined {
    const { roots, isDisputed } = this.#lineFrom(person);
    return isDisputed ? undefined : roots.at(-1);
  }

  /** The first root key of a person: stays the same when the key is replaced, so that one person has one vote. */
  originOf(person: PersonId): PersonId {
    let origin = person;
    for (let steps = 0; steps < MAX_SUCCESSIONS; steps++) {
      const before = this.#previous.get(origin);
      if (before === undefined || before === person) break;
      origin = before;
    }
    return origin;
  }

  /** Why the device of `certificate` does not decide for `person`, whom the roster names for it; undefined: it does. */
  deviceFault(person: PersonId, certificate: DeviceCertificate, moment: DeviceMoment): DeviceFault | undefined {
    const { roots, isDisputed } = this.#lineFrom(person);
    const place = roots.indexOf(certificate.person);
    if (place < 0) return "other_person";
    const ends = this.#successions.get(certificate.person) ?? [];
    const isKept = ends.every((end) => isWithin(moment, keptOf(end, certificate.peer)));
    if (!isKept) return isDisputed ? "disputed" : "rotated";
    // a key that follows may end what one before it has certified
    const revoked = roots.slice(place).some((root) =>
      this.#revocations.get(root)?.some((end) =>
        end.peer === certificate.peer && certificate.issuedAtMs <= end.issuedAtMs && !isWithin(moment, end.lastSeq)
      )
    );
    if (revoked) return "device_revoked";
    const { notBeforeMs, notAfterMs } = certificate;
    const isInTime = moment.atMs >= notBeforeMs - CLOCK_TOLERANCE_MS && moment.atMs <= notAfterMs + CLOCK_TOLERANCE_MS;
    return isInTime ? undefined : "expired";
  }

  #show(certificate: DeviceCertificate): void {
    const known = this.#shown.get(certificate.peer);
    if (!known || isNewer(certificate, known)) this.#shown.set(certificate.peer, certificate);
  }

  #take(record: PersonRecord): void {
    const { person } = record;
    switch (record.type) {
      case "certificate": {
        const byPeer = this.#certificates.get(person) ?? new Map<PeerId, DeviceCertificate>();
        const known = byPeer.get(record.peer);
        if (!known || isNewer(record, known)) byPeer.set(record.peer, record);
        this.#certificates.set(person, byPeer);
        return;
      }
      case "revocation":
        this.#revocations.set(person, [...this.#revocations.get(person) ?? [], record]);
        return;
      case "succession": {
        this.#successions.set(person, [...this.#successions.get(person) ?? [], record]);
        const before = this.#previous.get(record.next);
        if (before === undefined || person < before) this.#previous.set(record.next, person);
        return;
      }
    }
  }

  /** The roots from `person` on, in order. Two that follow the same one dispute the line: it ends before them. */
  #lineFrom(person: PersonId): { readonly roots: readonly PersonId[]; readonly isDisputed: boolean } {
    const roots: PersonId[] = [person];
    for (let at = person; roots.length <= MAX_SUCCESSIONS;) {
      const followers = new Set((this.#successions.get(at) ?? []).map(({ next }) => next));
      const [next] = followers;
      if (next === undefined || roots.includes(next)) return { roots, isDisputed: next !== undefined };
      if (followers.size > 1) return { roots, isDisputed: true };
      roots.push(next);
      at = next;
    }
    return { roots, isDisputed: true };
  }
}

function isNewer(a: DeviceCertificate, b: DeviceCertificate): boolean {
  return a.issuedAtMs !== b.issuedAtMs ? a.issuedAtMs > b.issuedAtMs : a.id > b.id;
}

function isWithin({ seq }: DeviceMoment, lastSeq: number): boolean {
  return seq !== undefined && seq <= lastSeq;
}

function keptOf({ kept }: Succession, peer: PeerId): number {
  return kept.find((one) => one.peer === peer)?.lastSeq ?? 0;
}
