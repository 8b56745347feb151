import { MAX_GRANT_BYTES, MAX_REVOCATION_BYTES } from "@bzzz/agentid";
import {
  type Clock,
  createDeadline,
  errorMessage,
  once,
  parsePeerId,
  type PeerId,
  type SerialQueue,
  withTimeout,
} from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { decodeCbor, encodeCbor } from "@bzzz/wire";
import type { Connection } from "@libp2p/interface";
import { z } from "zod";
import { parseAddress } from "./address.ts";
import { DIAL_TIMEOUT_MS, JOIN_PROTOCOL, MAX_HELLO_BYTES, STREAM_OPEN_TIMEOUT_MS } from "./constants.ts";
import { P2pError } from "./errors.ts";
import { buildLibp2p } from "./libp2p_factory.ts";
import { Libp2pPeerStream } from "./peer_stream.ts";
import { releaseTimers } from "./timer_release.ts";
import type { PeerStream } from "./types.ts";

/** A code, and the peer id of who holds what was asked for. */
const MAX_REASON_CHARS = 128;
const JOIN_VERSION = 1;
/** Redeeming writes a grant to disk; a node that needs longer than this is not well. */
const REDEEM_TIMEOUT_MS = 10_000;

const requestWire = once(() =>
  z.object({
    v: z.literal(JOIN_VERSION),
    invite_id: z.string().min(1).max(64),
    proof: z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= 64),
    agent_id: z.string().max(64),
    binary_type: z.string().max(16),
    age_recipient: z.string().max(128),
    software: z.string().max(64),
    // of a portal: the root key of its person, in hexadecimal; older programs leave it out, and do not look at it
    person: z.string().max(64).optional(),
  })
);

const grant = once(() => z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= MAX_GRANT_BYTES));
const revocation = once(() => z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= MAX_REVOCATION_BYTES));
const outcomeWire = once(() =>
  z.discriminatedUnion("ok", [
    z.object({
      ok: z.literal(true),
      grant: grant(),
      grants: z.array(grant()).max(4096),
      revocations: z.array(revocation()).max(4096),
    }),
    z.object({ ok: z.literal(false), reason: z.string().max(MAX_REASON_CHARS) }),
  ])
);

/** What a newcomer says. Every field is its own claim; `proof` is the HMAC over both peer ids with the secret. */
export interface JoinRequest {
  readonly inviteId: string;
  readonly proof: Uint8Array;
  readonly agentId: string;
  readonly binaryType: string;
  readonly ageRecipient: string;
  readonly software: string;
  /** The root key of the newcomer's person, in hexadecimal. */
  readonly person?: string;
}

/** What it gets: its grant, and the grants and revocations of the mesh. */
export interface JoinWelcome {
  readonly grant: Uint8Array;
  readonly grants: readonly Uint8Array[];
  readonly revocations: readonly Uint8Array[];
}

/** The inviter's answer. `reason` is a short code ("invite_used", "invite_expired", "bad_proof", …). */
export type JoinOutcome = ({ readonly ok: true } & JoinWelcome) | { readonly ok: false; readonly reason: string };

/**
 * Checks and spends an invitation; the transport proves `joiner`. Calls never overlap on one node, so a token that is
 * looked up, spent and stored in one call works once.
 */
export type RedeemInvite = (request: JoinRequest & { readonly joiner: PeerId }) => Promise<JoinOutcome>;

/** Serves one run of the join protocol. Returns the outcome, for counting and penalties. */
export async function serveJoin(
  stream: PeerStream,
  deps: { readonly clock: Clock; readonly redeem: RedeemInvite; readonly queue: SerialQueue },
): Promise<JoinOutcome> {
  const frame = await stream.receive();
  if (!frame) throw new P2pError("p2p_protocol_violation", "Cannot serve a join: the stream ended");
  const wire = parse(requestWire(), frame, "join request");
  const request = {
    joiner: stream.remote,
    inviteId: wire.invite_id,
    proof: wire.proof,
    agentId: wire.agent_id,
    binaryType: wire.binary_type,
    ageRecipient: wire.age_recipient,
    software: wire.software,
    ...(wire.person === undefined ? {} : { person: wire.person }),
  };
  const outcome = await deps.queue.run(() =>
    withTimeout(deps.clock, deps.redeem(request), { timeoutMs: REDEEM_TIMEOUT_MS, what: "redeeming an invitation" })
  );
  await stream.send(encodeCbor(
    outcome.ok
      ? { ok: true, grant: outcome.grant, ...withinBudget(outcome) }
      : { ok: false, reason: outcome.reason.slice(0, MAX_REASON_CHARS) },
  ));
  return outcome;
}

/** What `joinMesh` needs of the program. */
export interface JoinDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Seed of the newcomer's signing key: its PeerId is what the grant will name. */
  readonly seed: Uint8Array;
}

/** What the token and the operator say. */
export interface JoinOptions {
  readonly networkKey: Uint8Array;
  /** Addresses of members that may redeem the token, tried in order. */
  readonly addresses: readonly string[];
  /** The request for this inviter; the proof names its peer id. */
  readonly request: (inviter: PeerId, self: PeerId) => JoinRequest;
  readonly software: string;
  readonly signal?: AbortSignal;
}

/**
 * Trades an invitation for a grant, over a node that only dials and is closed before this returns. The first member
 * that answers decides; unreachable ones are passed over.
 * @throws P2pError "p2p_join_refused" (with the inviter's reason), "p2p_dial_failed", "p2p_bad_address"
 */
export async function joinMesh(
  deps: JoinDeps,
  options: JoinOptions,
): Promise<JoinWelcome & { readonly inviter: PeerId; readonly address: string }> {
  const targets = options.addresses.map((text) => ({ text, address: parseAddress(text) }));
  const { libp2p, components } = await buildLibp2p({
    seed: deps.seed,
    networkKey: options.networkKey,
    listen: [],
    announce: [],
    maxConnections: 4,
    gater: { denyInboundConnection: () => true, denyDialMultiaddr: () => false },
    software: options.software,
  });
  const self = parsePeerId(libp2p.peerId.toString());
  if (!self) throw new TypeError("Unreachable: an Ed25519 seed has a peer id");
  await libp2p.start();
  try {
    let lastError: unknown;
    for (const { text, address } of targets) {
      using deadline = createDeadline(deps.clock, {
        timeoutMs: DIAL_TIMEOUT_MS,
        what: `reaching ${text}`,
        ...(options.signal ? { parent: options.signal } : {}),
      });
      let connection: Connection;
      try {
        connection = await libp2p.dial(address, { signal: deadline.signal });
      } catch (error) {
        options.signal?.throwIfAborted();
        deps.logger.debug("inviter not reached", { address: text, reason: errorMessage(error) });
        lastError = error;
        continue;
      }
      const inviter = parsePeerId(connection.remotePeer.toString());
      if (!inviter) continue;
      const welcome = await requestGrant(deps, connection, inviter, options, self);
      return { ...welcome, inviter, address: text };
    }
    throw new P2pError(
      "p2p_dial_failed",
      `Cannot join the mesh: none of its ${targets.length} addresses answered; ` +
        "check that a member runs and that the token is of this network",
      { details: { addresses: targets.map(({ text }) => text).join(" ") }, cause: lastError },
    );
  } finally {
    await libp2p.stop();
    releaseTimers(components);
  }
}

async function requestGrant(
  deps: JoinDeps,
  connection: Connection,
  inviter: PeerId,
  options: JoinOptions,
  self: PeerId,
): Promise<JoinWelcome> {
  using deadline = createDeadline(deps.clock, {
    timeoutMs: STREAM_OPEN_TIMEOUT_MS + REDEEM_TIMEOUT_MS,
    what: "joining",
    ...(options.signal ? { parent: options.signal } : {}),
  });
  const { signal } = deadline;
  const raw = await connection.newStream([JOIN_PROTOCOL], { signal });
  const stream = new Libp2pPeerStream({ clock: deps.clock, stream: raw, remote: inviter });
  try {
    const request = options.request(inviter, self);
    await stream.send(encodeCbor({
      v: JOIN_VERSION,
      invite_id: request.inviteId,
      proof: request.proof,
      agent_id: request.agentId,
      binary_type: request.binaryType,
      age_recipient: request.ageRecipient,
      software: request.software.slice(0, 64),
      ...(request.person === undefined ? {} : { person: request.person }),
    }));
    const frame = await stream.receive({ signal });
    if (!frame) throw new P2pError("p2p_protocol_violation", "Cannot join the mesh: the inviter closed the stream");
    const outcome = parse(outcomeWire(), frame, "answer to a join");
    if (outcome.ok) return outcome;
    throw new P2pError("p2p_join_refused", `Cannot join the mesh: ${inviter} refused with "${outcome.reason}"`, {
      details: { inviter, reason: outcome.reason },
    });
  } finally {
    await stream.close();
  }
}

function withinBudget(welcome: JoinWelcome): { grants: Uint8Array[]; revocations: Uint8Array[] } {
  let left = MAX_HELLO_BYTES;
  const fit = (items: readonly Uint8Array[]): Uint8Array[] => items.filter((item) => (left -= item.byteLength + 4) > 0);
  const revocations = fit(welcome.revocations);
  return { revocations, grants: fit(welcome.grants) };
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  try {
    return schema.parse(decodeCbor(bytes));
  } catch (cause) {
    throw new P2pError("p2p_protocol_violation", `Cannot read the ${what} of a peer: it is malformed`, { cause });
  }
}
