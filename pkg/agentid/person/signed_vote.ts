import { type Bytes, hexEncode, once } from "@bzzz/base";
import { sha256, type SigningKey } from "@bzzz/crypto";
import { type BodyOf, encodeCbor, VOTES } from "@bzzz/wire";
import { z } from "zod";
import { TRUST_VERSION } from "../constants.ts";
import { atMs, meshId, peerId, role } from "../schemas.ts";
import { readByDevice, signByDevice } from "./device_record.ts";
import type { DeviceCertificate } from "./person_record.ts";

const digest = once(() => z.string().regex(/^[0-9a-f]{64}$/));

/** What a device signs when its person votes: this vote on this version, as this, at this time. */
const voteSchema = once(() =>
  z.object({
    v: z.literal(TRUST_VERSION),
    mesh: meshId(),
    certificate: digest(),
    device: peerId(),
    role: role(),
    vote: z.enum(VOTES),
    // of address, version and sealed reason
    content: digest(),
    atMs: atMs(),
  })
);
/** A vote as its device signed it. */
export type SignedVote = z.infer<ReturnType<typeof voteSchema>>;

type VoteBody = BodyOf<"decision_voted">;

/** SHA-256 over what a vote is about: the address, the version, and the reason as it was sealed. */
export function voteContentDigest({ address, revision, reason }: VoteBody): string {
  return hexEncode(sha256(encodeCbor(["bzzz/vote-content/1", address, revision, reason ?? null])));
}

/** Signs a person's vote with the key of a device, and can sign nothing else. @throws IdentityError "invalid_person" */
export function signVote(
  key: SigningKey,
  certificate: DeviceCertificate,
  given: { readonly body: VoteBody; readonly role: string; readonly atMs: number },
): Bytes {
  const { body, role, atMs } = given;
  return signByDevice(key, "vote", certificate, voteSchema(), {
    role,
    vote: body.vote,
    content: voteContentDigest(body),
    atMs,
  });
}

/** The vote in `bytes`, if the device of `certificate` signed it. */
export function readVote(bytes: Uint8Array, certificate: DeviceCertificate): SignedVote | undefined {
  return readByDevice(bytes, "vote", certificate, voteSchema());
}
