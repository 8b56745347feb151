import { MAX_GRANT_BYTES, MAX_REVOCATION_BYTES } from "@bzzz/agentid";
import { once, parsePeerId, type PeerId } from "@bzzz/base";
import { decodeCbor, encodeCbor } from "@bzzz/wire";
import { z } from "zod";
import { MAX_ADDRESSES_PER_PEER, MAX_HELLO_BYTES, MAX_HELLO_PEERS } from "./constants.ts";
import { P2pError } from "./errors.ts";
import type { Credentials } from "./types.ts";

/** The hello this program writes. */
export const HELLO_VERSION = 1;

const grant = once(() => z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= MAX_GRANT_BYTES));
const revocation = once(() => z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= MAX_REVOCATION_BYTES));
const address = once(() => z.string().max(256));

const helloWire = once(() =>
  z.object({
    v: z.literal(HELLO_VERSION),
    mesh: z.string().regex(/^[0-9a-f]{32}$/),
    software: z.string().max(64),
    protocol_min: z.int().min(1).max(1000),
    protocol_max: z.int().min(1).max(1000),
    instance: z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength === 16),
    addresses: z.array(address()).max(MAX_ADDRESSES_PER_PEER),
    grant: grant().nullable(),
    grants: z.array(grant()).max(4096),
    revocations: z.array(revocation()).max(4096),
    peers: z.array(z.object({
      peer: z.string().transform((text, ctx): PeerId => {
        const peer = parsePeerId(text);
        if (peer) return peer;
        ctx.addIssue({ code: "custom", message: "not a peer id" });
        return z.NEVER;
      }),
      addresses: z.array(address()).max(MAX_ADDRESSES_PER_PEER),
    })).max(MAX_HELLO_PEERS),
  })
);

const verdictWire = once(() =>
  z.discriminatedUnion("ok", [
    z.object({ ok: z.literal(true) }),
    z.object({ ok: z.literal(false), reason: z.string().max(64) }),
  ])
);

/** What two nodes tell each other first. `software` and `addresses` are the peer's own words. */
export interface Hello {
  readonly mesh: string;
  readonly software: string;
  readonly protocolMin: number;
  readonly protocolMax: number;
  /** Random per start of the program: tells a restarted peer from a second connection. */
  readonly instance: Uint8Array;
  readonly addresses: readonly string[];
  readonly credentials: Credentials;
  readonly peers: readonly { readonly peer: PeerId; readonly addresses: readonly string[] }[];
}

/** The answer to a hello. `proof` has the revocations of that peer; they travel with our hello, so that it can tell its people why. */
export type HelloVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly proof?: readonly Uint8Array[] };

/**
 * Bytes of a hello of at most 512 KiB. When everything does not fit, revocations go first, then our own grant, then as
 * many grants as there is room for: what is left out arrives through the journal.
 */
export function encodeHello(hello: Hello): Uint8Array {
  const fit = takeWithin(MAX_HELLO_BYTES / 2);
  const revocations = fit(hello.credentials.revocations);
  const grants = fit(hello.credentials.grants);
  return encodeCbor({
    v: HELLO_VERSION,
    mesh: hello.mesh,
    software: hello.software.slice(0, 64),
    protocol_min: hello.protocolMin,
    protocol_max: hello.protocolMax,
    instance: hello.instance,
    addresses: hello.addresses.slice(0, MAX_ADDRESSES_PER_PEER),
    grant: hello.credentials.grant ?? null,
    grants,
    revocations,
    peers: hello.peers.slice(0, MAX_HELLO_PEERS).map(({ peer, addresses }) => ({
      peer,
      addresses: addresses.slice(0, MAX_ADDRESSES_PER_PEER),
    })),
  });
}

/** @throws P2pError "p2p_protocol_violation" */
export function decodeHello(bytes: Uint8Array): Hello {
  const wire = parse(helloWire(), bytes, "hello");
  return {
    mesh: wire.mesh,
    software: wire.software,
    protocolMin: wire.protocol_min,
    protocolMax: wire.protocol_max,
    instance: wire.instance,
    addresses: wire.addresses,
    credentials: { grant: wire.grant ?? undefined, grants: wire.grants, revocations: wire.revocations },
    peers: wire.peers,
  };
}

export function encodeVerdict(verdict: HelloVerdict): Uint8Array {
  return encodeCbor(verdict.ok ? { ok: true } : { ok: false, reason: verdict.reason.slice(0, 64) });
}

/** @throws P2pError "p2p_protocol_violation" */
export function decodeVerdict(bytes: Uint8Array): HelloVerdict {
  return parse(verdictWire(), bytes, "verdict");
}

/** Why two nodes cannot talk at all, before any grant is looked at; undefined when they can. */
export function incompatibility(ours: Hello, theirs: Hello): string | undefined {
  if (ours.mesh !== theirs.mesh) return "wrong_mesh";
  if (ours.protocolMax < theirs.protocolMin || theirs.protocolMax < ours.protocolMin) return "protocol_version";
  return undefined;
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  try {
    return schema.parse(decodeCbor(bytes));
  } catch (cause) {
    throw new P2pError("p2p_protocol_violation", `Cannot read the ${what} of a peer: it is malformed`, { cause });
  }
}

function takeWithin(budgetBytes: number): (items: readonly Uint8Array[]) => Uint8Array[] {
  let left = budgetBytes;
  return (items) => {
    const taken: Uint8Array[] = [];
    for (const item of items) {
      if (item.byteLength + 4 > left) break;
      left -= item.byteLength + 4;
      taken.push(item);
    }
    return taken;
  };
}
