import { once } from "@bzzz/base";
import type { Bytes, MeshId, PeerId, Random } from "@bzzz/base";
import { domainMessage, publicKeyFromPeerId, type SigningKey, verifySignature } from "@bzzz/crypto";
import { encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import { z } from "zod";
import { tryDecodeCbor } from "./codec.ts";
import { MAX_COMMAND_BYTES, REGISTER_VERSION } from "./constants.ts";
import type { RegisterKey } from "./keys.ts";
import * as schemas from "./schemas.ts";

/**
 * What a member wants of a register. Voters check its signature and their rules; safe to replay, because its body names the
 * version, term or token that it expects.
 */
export interface Command {
  readonly key: RegisterKey;
  /** Who wants it, and signed it. */
  readonly actor: PeerId;
  /** In the form of the key's rules. */
  readonly body: Uint8Array;
  readonly nonce: Uint8Array;
}

const NONCE_BYTES = 16;
const commandSchema = once(() =>
  z.object({
    v: z.literal(REGISTER_VERSION),
    key: schemas.key(),
    actor: schemas.peer(),
    body: schemas.value(),
    nonce: schemas.bytes().refine((b) => b.byteLength === NONCE_BYTES, "expected 16 bytes"),
  })
);
const signedSchema = once(() => z.tuple([schemas.bytes(), schemas.signature()]));

/** The bytes of a command: CBOR array [payload, signature], signed under `bzzz/register-command/1/<mesh>`. */
export function signCommand(
  key: SigningKey,
  mesh: MeshId,
  command: Omit<Command, "nonce">,
  random: Random,
): Bytes {
  const { key: register, actor, body } = command;
  const fields = { v: REGISTER_VERSION, key: register, actor, body, nonce: random.bytes(NONCE_BYTES) };
  const payload = encodeCbor(toSnakeCase(fields));
  return encodeCbor([payload, key.sign(signedBytes(mesh, payload))]);
}

/** The command in `bytes` when its actor signed it for this mesh; undefined otherwise. */
export function openCommand(mesh: MeshId, bytes: Uint8Array): Command | undefined {
  if (bytes.byteLength > MAX_COMMAND_BYTES) return undefined;
  const signed = signedSchema().safeParse(tryDecodeCbor(bytes));
  if (!signed.success) return undefined;
  const [payload, signature] = signed.data;
  const parsed = commandSchema().safeParse(toCamelCase(tryDecodeCbor(payload)));
  if (!parsed.success) return undefined;
  const { v: _, ...command } = parsed.data;
  const publicKey = publicKeyFromPeerId(command.actor);
  return publicKey && verifySignature(publicKey, signedBytes(mesh, payload), signature) ? command : undefined;
}

function signedBytes(mesh: MeshId, payload: Uint8Array): Bytes {
  return domainMessage(`bzzz/register-command/${REGISTER_VERSION}/${mesh}`, payload);
}
