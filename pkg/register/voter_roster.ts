import { once } from "@bzzz/base";
import type { Bytes, MeshId, PeerId } from "@bzzz/base";
import { domainMessage, type SigningKey, verifySignature } from "@bzzz/crypto";
import { encodeCbor } from "@bzzz/wire";
import { z } from "zod";
import { type Certificate, countSignatures, majorityOf } from "./certificate.ts";
import { type Codec, createCodec, tryDecodeCbor } from "./codec.ts";
import { MAX_VOTERS, REGISTER_VERSION } from "./constants.ts";
import { ROSTER_KEY } from "./keys.ts";
import * as schemas from "./schemas.ts";

/**
 * A member that votes. The seat is a random name that the voter keeps beside its promises: who comes back without it has lost
 * them, and must not vote. Who is removed and added again takes a new one.
 */
export interface Voter {
  readonly peer: PeerId;
  readonly seat: string;
}

/**
 * The voters of an epoch. A change makes the next epoch in step "transferring": both generations vote for it, and then every
 * register is written again by the new one. "stable" says that this is done; only then may the next change begin.
 */
export interface VoterRoster {
  readonly epoch: number;
  readonly step: "stable" | "transferring";
  /** Ordered by peer. */
  readonly voters: readonly Voter[];
}

/** Hexadecimal digits of a seat. */
const SEAT = /^[0-9a-f]{32}$/;

/** The schema of a seat. */
export const seatSchema = once(() => z.string().regex(SEAT, "expected 32 hexadecimal digits"));
const rosterSchema = once(() =>
  z.object({
    epoch: schemas.epoch(),
    step: z.enum(["stable", "transferring"]),
    voters: z.array(z.object({ peer: schemas.peer(), seat: seatSchema() })).min(1).max(MAX_VOTERS)
      .refine(
        (voters) => voters.every((it, i) => i === 0 || (voters[i - 1]?.peer ?? "") < it.peer),
        "expected an order",
      ),
  })
);

/** Rosters as bytes. */
export const rosterCodec: Codec<VoterRoster> = createCodec(rosterSchema, { isRare: true });

/** The peers that vote. */
export function votersOf(roster: VoterRoster): PeerId[] {
  return roster.voters.map(({ peer }) => peer);
}

/** Whether `next` may follow `current`: one voter more or less, or the end of a transfer. */
export function isNextRoster(current: VoterRoster, next: VoterRoster): boolean {
  if (next.epoch === current.epoch) {
    return current.step === "transferring" && next.step === "stable" && sameVoters(current.voters, next.voters);
  }
  if (next.epoch !== current.epoch + 1 || next.step !== "transferring" || current.step !== "stable") return false;
  const added = next.voters.filter((voter) => !hasVoter(current.voters, voter));
  const removed = current.voters.filter((voter) => !hasVoter(next.voters, voter));
  return added.length + removed.length === 1 && added.every(({ peer }) => !votersOf(current).includes(peer));
}

/**
 * The sets of which each must give a majority before `value` of the register `roster` is decided in `current`'s epoch: its
 * voters, and the voters that the value names.
 */
export function rosterQuorums(current: VoterRoster, value: VoterRoster): (readonly PeerId[])[] {
  return value.epoch === current.epoch ? [votersOf(current)] : [votersOf(current), votersOf(value)];
}

/** The roster that a certificate proves to follow `current`; undefined when it proves none. */
export function verifyRosterStep(
  current: VoterRoster,
  certificate: Certificate,
  mesh: MeshId,
): VoterRoster | undefined {
  if (certificate.key !== ROSTER_KEY || certificate.epoch !== current.epoch) return undefined;
  const next = rosterCodec.decode(certificate.value);
  if (!next || !isNextRoster(current, next)) return undefined;
  const isProven = rosterQuorums(current, next).every((voters) =>
    countSignatures(certificate, { mesh, voters }) >= majorityOf(voters.length)
  );
  return isProven ? next : undefined;
}

const genesisSchema = once(() => z.tuple([schemas.bytes(), schemas.signature()]));

/** The roster of epoch 1, signed by the mesh's root under `bzzz/register-genesis/1/<mesh>`: CBOR array [roster, signature]. */
export function signGenesis(rootKey: SigningKey, mesh: MeshId, founder: Voter): Bytes {
  const payload = rosterCodec.encode({ epoch: 1, step: "stable", voters: [founder] });
  return encodeCbor([payload, rootKey.sign(genesisBytes(mesh, payload))]);
}

/** The roster of epoch 1, or undefined when the root did not sign it. */
export function openGenesis(
  mesh: { readonly meshId: MeshId; readonly rootPublicKey: Uint8Array },
  bytes: Uint8Array,
): VoterRoster | undefined {
  const signed = genesisSchema().safeParse(tryDecodeCbor(bytes));
  if (!signed.success) return undefined;
  const [payload, signature] = signed.data;
  if (!verifySignature(mesh.rootPublicKey, genesisBytes(mesh.meshId, payload), signature)) return undefined;
  const roster = rosterCodec.decode(payload);
  return roster?.epoch === 1 && roster.step === "stable" ? roster : undefined;
}

function genesisBytes(mesh: MeshId, payload: Uint8Array): Bytes {
  return domainMessage(`bzzz/register-genesis/${REGISTER_VERSION}/${mesh}`, payload);
}

function hasVoter(voters: readonly Voter[], { peer, seat }: Voter): boolean {
  return voters.some((voter) => voter.peer === peer && voter.seat === seat);
}

function sameVoters(a: readonly Voter[], b: readonly Voter[]): boolean {
  return a.length === b.length && a.every((voter) => hasVoter(b, voter));
}
