import { type Membership, parsePersonId } from "@bzzz/agentid";
import { type Clock, parseAgentId, type PeerId, TaskGroup, withTimeout } from "@bzzz/base";
import type { Config } from "@bzzz/config";
import { sha256 } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import type { AddressBook, JoinOutcome, P2pNode, P2pNodeOptions, RedeemInvite, RememberedPeer } from "@bzzz/p2p";
import type { Gate, PubSub } from "@bzzz/pubsub";
import { countFrames, decodeFrame, resolveTopic, type Topic, unpackFrames } from "@bzzz/wire";
import type { LocalIdentity } from "./agent.ts";
import { readOwnTextIfThere, writePrivateFile } from "./home.ts";
import type { MeshMessage, MessageHandler, P2PParticipant, PublishReceipt } from "./interfaces.ts";
import type { TrustService } from "./trust.ts";

/** What the configuration means for the network node. */
export function networkOptions(
  config: Config,
  local: LocalIdentity,
  facts: { isContainer: boolean; software: string },
): P2pNodeOptions {
  const { network, limits } = config;
  const host = network.listenHost.includes(":") ? `[${network.listenHost}]` : network.listenHost;
  return {
    meshId: local.mesh.meshId,
    networkKey: local.mesh.networkKey,
    listen: [`${host}:${network.p2pPort}`],
    announce: [...network.announce],
    bootstrap: [...network.bootstrap],
    mdns: network.mdns === "auto" ? !facts.isContainer : network.mdns,
    maxConnections: network.maxConnections,
    maxConnectionsPerPeerIp: network.maxConnectionsPerHost,
    software: facts.software,
    gossip: { messagesPerSecond: limits.messagesPerSecondPerPeer, burstMessages: limits.burst },
  };
}

/** Whether this process runs in a container, as its manager tells it. */
export function isContainer(env: Readonly<Record<string, string>>): boolean {
  return env["KUBERNETES_SERVICE_HOST"] !== undefined || env["container"] !== undefined;
}

/** Lets newcomers in through the trust service. */
export function createRedeemer(trust: TrustService, membership: Membership): RedeemInvite {
  return async (request): Promise<JoinOutcome> => {
    const agentId = parseAgentId(request.agentId);
    if (!agentId) return { ok: false, reason: "bad_agent_id" };
    if (request.binaryType !== "agent" && request.binaryType !== "hap") return { ok: false, reason: "bad_binary_type" };
    const person = request.person === undefined ? undefined : parsePersonId(request.person);
    if (request.person !== undefined && !person) return { ok: false, reason: "bad_person" };
    const answer = await trust.newcomers.admit({ ...request, agentId, binaryType: request.binaryType, person });
    return answer.ok ? { ...answer, revocations: membership.revocations() } : answer;
  };
}

/** Addresses of peers, in a private file that may be lost. */
export function createAddressBook(path: string): AddressBook {
  return {
    load: async () => {
      const text = await readOwnTextIfThere(path);
      return text === undefined ? [] : JSON.parse(text) as RememberedPeer[]; // our own file; damage is the node's warning
    },
    save: (peers) => writePrivateFile(path, JSON.stringify(peers)),
  };
}

/** The way from the journal to gossip, which exists before gossip does. */
export class GossipPort {
  #pubsub: PubSub | undefined;

  attach(pubsub: PubSub): void {
    this.#pubsub = pubsub;
  }

  readonly publish = async (topic: Topic, frame: Uint8Array): Promise<number> =>
    await this.#pubsub?.publish(topic, frame) ?? 0;
}

/** The way from gossip to the journal: every message is judged once. */
export function createJournalGate(journal: Journal): Gate {
  return {
    // Of all bytes, not the entry's own id: that covers the header alone, so an altered copy with another body or
    // signature would have it too, and whoever sends one first would keep the honest one out for half a minute.
    idOf: sha256,
    authorOf: (message) => {
      const bundle = unpackFrames(message);
      const [frame = message] = bundle.ok ? bundle.frames : [];
      const decoded = decodeFrame(frame);
      return decoded.ok ? decoded.envelope.header.author : undefined;
    },
    entriesIn: countFrames,
    receive: (message, peer) => journal.ingest(message, { peer, path: "live" }),
  };
}

/** What a participant stands on. */
export interface ParticipantDeps {
  readonly node: P2pNode;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Starts listening and looking for peers. */
  readonly join: () => Promise<void>;
}

/** Both programs' part in the mesh (specification section 5.3): messages in and out, by topic. */
export class MeshParticipant implements P2PParticipant {
  readonly #deps: ParticipantDeps;
  readonly #handlerTimeoutMs: number;
  readonly #running: TaskGroup;

  constructor(deps: ParticipantDeps, options: { readonly handlerTimeoutMs: number }) {
    this.#deps = deps;
    this.#handlerTimeoutMs = options.handlerTimeoutMs;
    this.#running = new TaskGroup((error, what) => deps.logger.warn("A message handler failed", { what }, error));
  }

  async joinMesh(options: { signal?: AbortSignal } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    await this.#deps.join();
  }

  /** @throws TypeError for a topic that does not exist */
  async publishMessage(topic: string, data: unknown): Promise<PublishReceipt> {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    const { envelope } = await this.#deps.journal.append({
      kind: "message_posted",
      topic: requireTopicName(topic),
      body: { type: "message", text },
    });
    return { id: envelope.id, seq: envelope.header.seq ?? 0 };
  }

  subscribeToTopic(topic: string, handler: MessageHandler): () => void {
    const wanted = requireTopicName(topic);
    const controller = new AbortController();
    const load = { running: 0, isOver: false };
    this.#deps.journal.events.on("entry:stored", ({ entry }) => {
      const { id, header } = entry.envelope;
      if (header.topic !== wanted || !this.#hasRoom(load, wanted)) return;
      const message: MeshMessage = { id, author: header.author, topic: wanted, kind: entry.kind, body: entry.body };
      this.#handle(load, handler, message);
    }, { signal: controller.signal });
    return () => controller.abort();
  }

  getPeerID(): PeerId {
    return this.#deps.node.peerId;
  }

  getConnectedPeers(): readonly PeerId[] {
    return this.#deps.node.peers().filter((info) => info.isAdmitted).map((info) => info.peer);
  }

  /** Waits for the handlers that run. */
  async stop(): Promise<void> {
    await this.#running.settled(); // each is bounded by its own deadline
  }

  #hasRoom(load: HandlerLoad, topic: Topic): boolean {
    if (load.running < MAX_RUNNING_HANDLERS) {
      load.isOver = false;
      return true;
    }
    if (!load.isOver) this.#deps.logger.warn("A message handler cannot keep up and misses messages", { topic });
    load.isOver = true;
    return false;
  }

  #handle(load: HandlerLoad, handler: MessageHandler, message: MeshMessage): void {
    load.running++;
    this.#running.run(`handler of ${message.topic}`, async () => {
      try {
        await withTimeout(this.#deps.clock, Promise.resolve(handler(message)), {
          timeoutMs: this.#handlerTimeoutMs,
          what: `a handler of ${message.topic}`,
        });
      } finally {
        load.running--;
      }
    });
  }
}

/** What one subscription is busy with. */
interface HandlerLoad {
  running: number;
  /** It was told that messages are missed. */
  isOver: boolean;
}

/** Calls of one handler that run at the same time; what comes beyond it misses, the journal has it. */
const MAX_RUNNING_HANDLERS = 256;

function requireTopicName(name: string): Topic {
  const topic = resolveTopic(name);
  if (!topic) throw new TypeError(`There is no topic ${JSON.stringify(name)}`);
  return topic;
}
