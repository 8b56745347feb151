import { equalBytes, hexEncode, type MeshId, type PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { peerIdFromPublicKey, type SigningKey, signingKeyFromSeed } from "@bzzz/crypto";
import {
  acceptStatement,
  type Certificate,
  type Command,
  openCommand,
  type RegisterKey,
  type VoterSignature,
} from "@bzzz/register";
import { encodeCbor } from "@bzzz/wire";

/** The mesh of every simulated cluster. */
export const MESH = "5a".repeat(16) as MeshId; // 32 hexadecimal digits

/** A member's key; the same one for the same number in every run. */
export interface Member {
  readonly key: SigningKey;
  readonly peer: PeerId;
}

const members = new Map<number, Member>();

/** The member of this number. Keys are made once a process: making them costs more than a run. */
export function memberOf(number: number): Member {
  const known = members.get(number);
  if (known) return known;
  const key = signingKeyFromSeed(createSeededRandom(50_000 + number).bytes(32));
  const member = { key, peer: peerIdFromPublicKey(key.publicKey) };
  members.set(number, member);
  return member;
}

/**
 * Signatures of one run. Nobody in a run attacks the curve, and a run would spend most of its time on it: what its own nodes
 * sign is known to be genuine, and everything else (forged, altered, noise) is judged by the packages' own functions.
 */
export class RunCrypto {
  readonly #commands = new WeakMap<Uint8Array, Command>();
  readonly #signatures = new WeakMap<Uint8Array, { readonly voter: PeerId; readonly statement: Uint8Array }>();
  readonly #foreign = new Map<string, Command | undefined>();
  #signed = 0;

  /** A command of a member that keeps to the rules. */
  signCommand(key: RegisterKey, actor: PeerId, body: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(16);
    new DataView(nonce.buffer).setUint32(0, ++this.#signed);
    const bytes = encodeCbor([key, actor, body, nonce]);
    this.#commands.set(bytes, { key, actor, body, nonce });
    return bytes;
  }

  /** As `openCommand` of `@bzzz/register`. */
  openCommand(bytes: Uint8Array): Command | undefined {
    const genuine = this.#commands.get(bytes);
    if (genuine) return genuine;
    const id = hexEncode(bytes);
    if (!this.#foreign.has(id)) this.#foreign.set(id, openCommand(MESH, bytes));
    return this.#foreign.get(id);
  }

  /** A voter's signature under what it accepted. */
  sign(voter: PeerId, statement: Uint8Array): Uint8Array {
    const signature = new Uint8Array(64);
    this.#signatures.set(signature, { voter, statement });
    return signature;
  }

  /** As `verifyAcceptSignature` of `@bzzz/register`. */
  verifyAccept(accept: Omit<Certificate, "signatures">, { voter, signature }: VoterSignature): boolean {
    const signed = this.#signatures.get(signature);
    return signed?.voter === voter && equalBytes(signed.statement, acceptStatement(MESH, accept));
  }
}
