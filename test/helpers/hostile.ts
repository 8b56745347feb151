/**
 * Peers that misbehave, for tests of what a node refuses: from a socket without the network key, over a bare libp2p that
 * speaks the protocols by hand, to a member with a valid grant that lies.
 *
 * @module
 */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import {
  decodeGrant,
  type Grant,
  issueGrant,
  issueRevocation,
  loadGrant,
  loadMesh,
  loadNodeKeys,
  type MeshRecord,
  type Signer,
} from "@bzzz/agentid";
import { TEST_AGE_RECIPIENT } from "@bzzz/agentid/testing";
import {
  type AgentId,
  concatBytes,
  createSystemClock,
  createSystemRandom,
  type EntryId,
  hexEncode,
  type MeshId,
  type PeerId,
  utf8Encode,
} from "@bzzz/base";
import { createSigningKey, peerIdFromPublicKey, type SigningKey } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { createP2pNode, type Credentials, type P2pNode, type PeerStream } from "@bzzz/p2p";
import { letProcessEnd } from "@bzzz/p2p/testing";
import { type BodyOf, type Envelope, type EnvelopeDraft, sealBodyBytes, sealEnvelope, TOPICS } from "@bzzz/wire";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Connection } from "@libp2p/interface";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { waitFor } from "@bzzz/base/testing";

const clock = createSystemClock();
const random = createSystemRandom();
const HOUR_MS = 3_600_000;

/** Protocols that a node serves. */
export const PROTOCOLS = {
  gossip: "/meshsub/1.2.0",
  hello: "/bzzz/hello/1.0.0",
  join: "/bzzz/join/1.0.0",
  sync: "/bzzz/sync/1.0.0",
} as const;

/** What somebody who holds the key of a mesh's admin can make: any grant and any revocation. */
export class Authority {
  readonly mesh: MeshRecord;
  readonly #signer: Signer;

  private constructor(mesh: MeshRecord, signer: Signer) {
    this.mesh = mesh;
    this.#signer = signer;
  }

  /** Of the home of an admin that runs as an agent. */
  static async load(home: string): Promise<Authority> {
    const [mesh, grantBytes] = [await loadMesh(home), await loadGrant(home)];
    const grant = grantBytes && decodeGrant(grantBytes)?.grant;
    if (!mesh || !grant) throw new Error(`${home} has no mesh`);
    const { signingKey } = await loadNodeKeys({ home, binaryType: "agent" });
    return new Authority(mesh, { key: signingKey, grant });
  }

  /** Keys and a grant for them. */
  admit(
    fields: { name?: string; role?: "developer" | "admin" | "observer"; notBeforeMs?: number; ttlMs?: number } = {},
  ): Identity {
    const key = createSigningKey(random);
    const { bytes, grant } = issueGrant(this.#signer, {
      mesh: this.mesh.meshId,
      peer: peerIdFromPublicKey(key.publicKey),
      agentId: (fields.name ?? `liar-${hexEncode(random.bytes(4))}`) as AgentId, // lower case, digits and "-"
      binaryType: "agent",
      role: fields.role ?? "developer",
      ageRecipient: TEST_AGE_RECIPIENT,
      issuedAtMs: clock.nowMs(),
      notBeforeMs: fields.notBeforeMs ?? clock.nowMs(),
      ttlMs: fields.ttlMs ?? 24 * HOUR_MS,
    });
    return new Identity(this.mesh, key, bytes, grant);
  }

  /** The bytes of a revocation of everything a member was granted; entries up to `lastSeq` stay. */
  revoke(identity: Identity, lastSeq = 0): Uint8Array {
    const grant = identity.grant;
    if (!grant) throw new Error("nothing to revoke");
    return issueRevocation(this.#signer, {
      mesh: this.mesh.meshId,
      grantId: grant.id,
      peer: identity.peerId,
      reason: "test",
      lastSeq,
      kept: [],
      issuedAtMs: clock.nowMs(),
    }).bytes;
  }
}

/** Keys, with or without a grant, and a log that can be written correctly or not. */
export class Identity {
  readonly mesh: MeshRecord;
  readonly key: SigningKey;
  readonly peerId: PeerId;
  readonly grantBytes: Uint8Array | undefined;
  readonly grant: Grant | undefined;
  #seq = 0;
  #prev: EntryId | undefined;
  #counter = 0;

  constructor(mesh: MeshRecord, key: SigningKey, grantBytes?: Uint8Array, grant?: Grant) {
    this.mesh = mesh;
    this.key = key;
    this.peerId = peerIdFromPublicKey(key.publicKey);
    this.grantBytes = grantBytes;
    this.grant = grant ?? (grantBytes && decodeGrant(grantBytes)?.grant);
  }

  /** Keys that nobody granted anything. */
  static stranger(mesh: MeshRecord): Identity {
    return new Identity(mesh, createSigningKey(random));
  }

  /** The next entry of this author's log; correct unless `fields` say otherwise. */
  post(text: string, fields: Partial<EnvelopeDraft> = {}, signer: SigningKey = this.key): Envelope {
    const body: BodyOf<"message_posted"> = { type: "message", text };
    const envelope = sealEnvelope(signer, { ...this.#nextHeader(), ...fields }, "message_posted", body);
    this.#advance(envelope);
    return envelope;
  }

  /** An entry or, without a seq, a signal of any kind, with any bytes as its body. */
  seal(kind: string, body: Uint8Array, fields: Partial<EnvelopeDraft> & { isSignal?: boolean } = {}): Envelope {
    const { isSignal, ...rest } = fields;
    const { seq: _seq, prev: _prev, ...bare } = this.#nextHeader();
    if (isSignal) return sealBodyBytes(this.key, { ...bare, ...rest }, kind, body);
    const envelope = sealBodyBytes(this.key, { ...this.#nextHeader(), ...rest }, kind, body);
    this.#advance(envelope);
    return envelope;
  }

  /** A signal that says this node is here. */
  presence(fields: Partial<EnvelopeDraft> = {}): Envelope {
    const { seq: _seq, prev: _prev, ...bare } = this.#nextHeader();
    return sealEnvelope(this.key, { ...bare, topic: TOPICS.agents, ...fields }, "presence", {
      status: "ready",
      activeTasks: 0,
      maxTasks: 1,
      capabilities: [],
      models: [],
      load: 0,
      incarnation: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      addresses: [],
    });
  }

  #nextHeader(): EnvelopeDraft {
    return {
      mesh: this.mesh.meshId,
      author: this.peerId,
      seq: this.#seq + 1,
      ...(this.#prev ? { prev: this.#prev } : {}),
      hlc: { ms: clock.nowMs(), counter: this.#counter++ & 0xff },
      topic: TOPICS.hmmm,
    };
  }

  #advance(envelope: Envelope): void {
    if (envelope.header.author !== this.peerId || envelope.header.seq !== this.#seq + 1) return;
    this.#seq++;
    this.#prev = envelope.id;
  }
}

/** What a liar shows in its hello; everything has the truth as default. */
export interface Masks {
  readonly networkKey?: Uint8Array;
  readonly meshId?: MeshId;
  readonly credentials?: Partial<Credentials>;
}

/** A peer that keeps to the transport and the hello, believes everybody, and sends what it likes. Closed with dispose. */
export class Liar implements AsyncDisposable {
  readonly identity: Identity;
  readonly node: P2pNode;

  private constructor(identity: Identity, node: P2pNode) {
    this.identity = identity;
    this.node = node;
  }

  static async start(identity: Identity, masks: Masks = {}): Promise<Liar> {
    const { mesh } = identity;
    const node = createP2pNode({
      signingKey: identity.key,
      admission: {
        isAdmitted: () => true,
        credentials: () => ({ grant: identity.grantBytes, grants: [], revocations: [], ...masks.credentials }),
        present: () => ({ admitted: true }),
        onChanged: () => {},
      },
      clock,
      random,
      logger: createNullLogger(),
    }, {
      meshId: masks.meshId ?? mesh.meshId,
      networkKey: masks.networkKey ?? mesh.networkKey,
      listen: ["127.0.0.1:0"],
    });
    await node.start();
    return new Liar(identity, node);
  }

  /** Connects and is admitted. @throws P2pError when it is not */
  async dial(address: string): Promise<PeerId> {
    return await this.node.dial(address);
  }

  /** A stream on which gossip is written by hand. */
  async openGossip(victim: PeerId): Promise<Gossip> {
    return new Gossip(await this.node.open(victim, PROTOCOLS.gossip, {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.stop();
  }
}

/** Gossip RPCs, as protobuf: 2 = publish { 2 = data, 4 = topic }. */
export class Gossip {
  readonly stream: PeerStream;

  constructor(stream: PeerStream) {
    this.stream = stream;
  }

  /** Resolves when there is room for more. @throws P2pError when the node has closed the stream */
  async publish(frame: Uint8Array, topic: string = TOPICS.hmmm): Promise<void> {
    await this.stream.send(encodePublish(frame, topic));
  }
}

/** One RPC with one message. */
export function encodePublish(frame: Uint8Array, topic: string): Uint8Array {
  return field(2, concatBytes(field(2, frame), field(4, utf8Encode(topic))));
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of((number << 3) | 2), varint(bytes.byteLength), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.of(...bytes, rest);
}

/** A bare libp2p that knows the network key and nothing of manners: opens any protocol and writes any bytes. */
export class Vandal implements AsyncDisposable {
  readonly #libp2p: Awaited<ReturnType<typeof createLibp2p>>;

  private constructor(libp2p: Awaited<ReturnType<typeof createLibp2p>>) {
    this.#libp2p = libp2p;
  }

  static async start(networkKey: Uint8Array): Promise<Vandal> {
    letProcessEnd();
    const psk = utf8Encode(`/key/swarm/psk/1.0.0/\n/base16/\n${hexEncode(networkKey)}\n`);
    const libp2p = await createLibp2p({
      privateKey: await generateKeyPair("Ed25519"),
      transports: [tcp()],
      connectionProtector: preSharedKey({ psk }),
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      connectionMonitor: { enabled: false },
    });
    return new Vandal(libp2p);
  }

  /** A connection without a hello. @throws when the node does not take it */
  async connect(address: string): Promise<Connection> {
    const connected = await this.#libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(4000) });
    if (connected.status !== "open") throw new Error("the connection was closed at once");
    return connected;
  }

  /**
   * Opens a protocol on a new connection and writes the frames, each with its length. Resolves when the node has hung up or
   * all are out, with how many were written.
   */
  async write(address: string, protocol: string, frames: Iterable<Uint8Array>): Promise<number> {
    let sent = 0;
    let connection: Connection | undefined;
    try {
      connection = await this.connect(address);
      const stream = await connection.newStream([protocol], { signal: AbortSignal.timeout(4000) });
      const isGone = () => stream.status !== "open";
      for (const frame of frames) {
        const hasRoom = stream.send(concatBytes(varint(frame.byteLength), frame));
        sent++;
        if (!hasRoom) {
          await waitFor(() => isGone() || stream.writeBufferLength < 65_536, { timeoutMs: 3000, what: "room" });
        }
        if (isGone()) break;
      }
      await waitFor(() => isGone() || stream.writeBufferLength === 0, {
        timeoutMs: 3000,
        what: "it all to be sent",
      });
    } catch {
      // hung up on, as it should be
    }
    connection?.abort(new Error("done"));
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#libp2p.stop();
  }
}

/** Random bytes of random lengths up to `maxBytes`, the same for the same seed is not needed: any will do. */
export function* randomFrames(count: number, maxBytes = 512): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield random.bytes(1 + Math.floor(random.float() * maxBytes));
}

/** A TCP connection that writes junk where the network key belongs; resolves when the node hangs up or `bytes` are out. */
export async function writeJunk(host: string, port: number, bytes: number): Promise<void> {
  try {
    using socket = await Deno.connect({ hostname: host, port });
    for (let left = bytes; left > 0; left -= 4096) await socket.write(random.bytes(Math.min(4096, left)));
    const sink = new Uint8Array(4096);
    while (await socket.read(sink) !== null);
  } catch {
    // reset, as it should be
  }
}
