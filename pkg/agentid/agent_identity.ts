import type { AgentId, MeshId, PeerId } from "@bzzz/base";
import { domainMessage, peerIdFromPublicKey, type SigningKey, verifySignature } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import { IdentityError } from "./errors.ts";
import type { Grant } from "./grant.ts";
import type { AuthorityLevel, BinaryType, Role } from "./roles.ts";

/** What an agent record says beyond the grant. */
export interface AgentRecordFields {
  readonly capabilities: readonly string[];
  readonly models: readonly string[];
  /** Name and version of the program. */
  readonly software: string;
  readonly protocolMin: number;
  readonly protocolMax: number;
}

/**
 * Who this node is, for both programs alike (specification 8.1). The key is not a field anyone can read, role and name
 * come from the grant, and a signature always names its purpose (F-44 to F-46).
 */
export class SharedAgentIdentity {
  readonly peerId: PeerId;
  readonly mesh: MeshId;
  readonly agentId: AgentId;
  readonly binaryType: BinaryType;
  readonly role: Role;
  readonly level: AuthorityLevel;
  readonly #key: SigningKey;

  /** @throws IdentityError "invalid_grant" when the grant is another node's */
  constructor(key: SigningKey, grant: Grant) {
    const peerId = peerIdFromPublicKey(key.publicKey);
    if (grant.peer !== peerId) {
      throw new IdentityError(
        "invalid_grant",
        `Cannot be "${grant.agentId}": its grant is for ${grant.peer}, not ${peerId}`,
      );
    }
    this.#key = key;
    this.peerId = peerId;
    this.mesh = grant.mesh;
    this.agentId = grant.agentId;
    this.binaryType = grant.binaryType;
    this.role = grant.role;
    this.level = grant.level;
  }

  /** 32 bytes. */
  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /** The 64-byte signature of `message` for one purpose in this mesh, such as "snapshot/1". */
  signMessage(purpose: string, message: Uint8Array): Uint8Array {
    return this.#key.sign(messageOf(this.mesh, purpose, message));
  }

  /** The body of this node's `agent_record` entry; the envelope around it has the time, the key and the signature. */
  createAgentRecord(fields: AgentRecordFields): BodyOf<"agent_record"> {
    return {
      agentId: this.agentId,
      binaryType: this.binaryType,
      role: this.role,
      capabilities: [...fields.capabilities],
      models: [...fields.models],
      software: fields.software,
      protocolMin: fields.protocolMin,
      protocolMax: fields.protocolMax,
    };
  }
}

/** Whether `signature` is what the node of `publicKey` signed with `signMessage` for that purpose in that mesh. */
export function verifyMessage(
  publicKey: Uint8Array,
  claim: { mesh: MeshId; purpose: string; message: Uint8Array; signature: Uint8Array },
): boolean {
  return verifySignature(publicKey, messageOf(claim.mesh, claim.purpose, claim.message), claim.signature);
}

function messageOf(mesh: MeshId, purpose: string, message: Uint8Array): Uint8Array {
  return domainMessage(`bzzz/message/${mesh}/${purpose}`, message);
}
