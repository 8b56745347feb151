/**
 * Meshes for tests of other packages: real keys, real signatures, the same bytes for the same seed (but for the age
 * recipient, which is one fixed text).
 *
 * @module
 */
import {
  type AgentId,
  type Bytes,
  type Clock,
  hexEncode,
  type MeshId,
  parseAgentId,
  type PeerId,
  type Random,
} from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import type { BodyOf } from "@bzzz/wire";
import { createSigningKey, peerIdFromPublicKey, type SigningKey } from "@bzzz/crypto";
import { FOUNDER_GRANT_TTL_MS } from "./constants.ts";
import { type Grant, issueGrant, type SignedGrant, type Signer } from "./grant.ts";
import { Membership } from "./membership.ts";
import { createMesh, type NewMesh } from "./mesh.ts";
import type { SignedRevocation } from "./revocation.ts";
import { issueRevocation } from "./revocation.ts";
import type { AuthorityLevel, BinaryType, Role } from "./roles.ts";
import type { PersonId } from "./schemas.ts";
import { personIdOf } from "./person/person_id.ts";
import { certifyDevice, type DeviceCertificate } from "./person/person_record.ts";
import { type Mandate, signDecision, signMandate } from "./person/signed_answer.ts";
import { signVote } from "./person/signed_vote.ts";

/** A valid recipient whose identity nobody has. */
export const TEST_AGE_RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

/** A member of a test mesh. */
export interface TestMember {
  readonly signingKey: SigningKey;
  readonly peerId: PeerId;
  readonly grant: Grant;
  readonly grantBytes: Uint8Array;
}

/** What `TestMesh.issue` takes; everything has a default. */
export interface TestGrantFields {
  /** "agent" unless given. */
  readonly binaryType?: BinaryType;
  /** "developer" unless given. */
  readonly role?: Role;
  readonly level?: AuthorityLevel;
  /** "node-1", "node-2", … unless given. */
  readonly agentId?: string;
  /** A new key unless given. */
  readonly signingKey?: SigningKey;
  /** The root unless given. */
  readonly issuer?: TestMember;
  /** One whose identity nobody has unless given. */
  readonly ageRecipient?: string;
  readonly issuedAtMs?: number;
  readonly notBeforeMs?: number;
  readonly ttlMs?: number;
  /** Nobody unless given. */
  readonly person?: PersonId | undefined;
}

/** A mesh in memory. */
export interface TestMesh {
  readonly mesh: NewMesh;
  readonly rootKey: SigningKey;
  /** Signs a grant as of the clock; `membership()` knows it from then on. */
  issue(fields?: TestGrantFields): TestMember;
  /** Signs a revocation by the root, or by `issuer`; memberships that exist already are not told. */
  revoke(
    member: TestMember,
    options?: { lastSeq?: number; reason?: string; issuer?: TestMember; kept?: readonly string[] },
  ): SignedRevocation;
  /** A new membership that knows every grant and revocation so far. */
  membership(): Membership;
}

/** A new mesh with no members; ten-year grants, so that a clock that is moved does not end them by accident. */
export function createTestMesh(options: { clock?: Pick<Clock, "nowMs">; random?: Random } = {}): TestMesh {
  const clock = options.clock ?? new ManualClock();
  const random = options.random ?? createSeededRandom(1);
  const mesh = createMesh({ name: "test", random, clock });
  const grants: SignedGrant[] = [];
  const revocations: SignedRevocation[] = [];
  const signerOf = (issuer: TestMember | undefined): Signer =>
    issuer ? { key: issuer.signingKey, grant: issuer.grant } : { key: mesh.rootKey, issuer: "root" };
  return {
    mesh,
    rootKey: mesh.rootKey,
    issue(fields = {}) {
      const signingKey = fields.signingKey ?? createSigningKey(random);
      const peerId = peerIdFromPublicKey(signingKey.publicKey);
      const signed = issueGrant(signerOf(fields.issuer), {
        mesh: mesh.meshId,
        peer: peerId,
        agentId: requireAgentId(fields.agentId ?? `node-${grants.length + 1}`),
        binaryType: fields.binaryType ?? "agent",
        role: fields.role ?? "developer",
        ...(fields.level ? { level: fields.level } : {}),
        ageRecipient: fields.ageRecipient ?? TEST_AGE_RECIPIENT,
        issuedAtMs: fields.issuedAtMs ?? clock.nowMs(),
        ...(fields.notBeforeMs === undefined ? {} : { notBeforeMs: fields.notBeforeMs }),
        ttlMs: fields.ttlMs ?? FOUNDER_GRANT_TTL_MS,
        ...(fields.person === undefined ? {} : { person: fields.person }),
      });
      grants.push(signed);
      return { signingKey, peerId, grant: signed.grant, grantBytes: signed.bytes };
    },
    revoke(member, { lastSeq = 0, reason = "test", issuer, kept = [] } = {}) {
      const signed = issueRevocation(signerOf(issuer), {
        mesh: mesh.meshId,
        grantId: member.grant.id,
        peer: member.peerId,
        reason,
        lastSeq,
        kept,
        issuedAtMs: clock.nowMs(),
      });
      revocations.push(signed);
      return signed;
    },
    membership() {
      const membership = new Membership(mesh);
      for (const { bytes } of grants) membership.addGrant(bytes);
      for (const { bytes } of revocations) membership.addRevocation(bytes);
      return membership;
    },
  };
}

/** A device of a person, for one node. */
export interface TestDevice {
  readonly key: SigningKey;
  readonly certificate: DeviceCertificate;
  /** The answer with the person's signature, as told at `atMs`. */
  sign(body: BodyOf<"request_answered">, as: { role: string; atMs: number }): BodyOf<"request_answered">;
  /** The vote with the person's signature, as told at `atMs`. */
  signVote(body: BodyOf<"decision_voted">, as: { role: string; atMs: number }): BodyOf<"decision_voted">;
  /** The answer of a rule, with what the person lets rules approve. */
  signAuto(
    body: BodyOf<"request_answered">,
    mandate: Pick<Mandate, "policy" | "rules" | "issuedAtMs" | "notAfterMs">,
  ): BodyOf<"request_answered">;
}

/** A person with a root key. */
export interface TestPerson {
  readonly root: SigningKey;
  readonly id: PersonId;
  device(peer: PeerId, options: { mesh: MeshId; issuedAtMs?: number; notAfterMs?: number }): TestDevice;
}

/** A person whose keys come from `random`. */
export function createTestPerson(random: Random): TestPerson {
  const root = createSigningKey(random);
  return {
    root,
    id: personIdOf(root),
    device(peer, { mesh, issuedAtMs = 0, notAfterMs }) {
      const key = createSigningKey(random);
      const certificate = certifyDevice(root, {
        mesh,
        peer,
        key: hexEncode(key.publicKey),
        issuedAtMs,
        ...(notAfterMs === undefined ? {} : { notAfterMs }),
      });
      const proofOf = (more: { decision?: Bytes; mandate?: Bytes }) => ({
        certificate: certificate.bytes,
        ...more,
      });
      return {
        key,
        certificate,
        sign: (body, as) => ({
          ...body,
          proof: proofOf({ decision: signDecision(key, certificate, { body, ...as }) }),
        }),
        signVote: (body, as) => ({
          ...body,
          proof: { certificate: certificate.bytes, vote: signVote(key, certificate, { body, ...as }) },
        }),
        signAuto: (body, fields) => ({ ...body, proof: proofOf({ mandate: signMandate(key, certificate, fields) }) }),
      };
    },
  };
}

function requireAgentId(text: string): AgentId {
  const id = parseAgentId(text);
  if (id === undefined) throw new TypeError(`"${text}" is not an agent id`);
  return id;
}
