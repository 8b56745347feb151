import { type Clock, CounterMap, hexEncode, parsePeerId, type PeerId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { type GossipSub, gossipsub, type Message, TopicValidatorResult } from "@libp2p/gossipsub";
import { PubSubError } from "./errors.ts";
import { GOSSIP_OPTIONS, NOT_ADMITTED_SCORE, SCORE_WEIGHTS } from "./params.ts";
import { trimDeliveryRecords } from "./record_trim.ts";
import { spareNeighbours } from "./spared_forward.ts";

/** What becomes of a message: passed on, dropped silently, or dropped and held against the peer it came from. */
export type GateVerdict = "accept" | "ignore" | "reject";

/** The judgement of a message. `author` is who has written it, where that was proved. */
export interface GateAnswer {
  readonly verdict: GateVerdict;
  readonly author?: PeerId;
}

/** Judges every message once, before it is passed on. Synchronous: gossip waits for it. Must not throw on junk. */
export interface Gate {
  /** The identity of a frame: equal frames have equal ids, different frames different ones. Also called for junk. */
  idOf(frame: Uint8Array): Uint8Array;
  /** Who wrote the frame, by its own unproved word; undefined for junk. Without this method all is the sender's own. */
  authorOf?(frame: Uint8Array): PeerId | undefined;
  /**
   * How many entries a frame holds by its own unproved word, at least 1, without reading them: that many it counts for in the
   * peer's limits. Without this method each counts for one.
   */
  entriesIn?(frame: Uint8Array): number;
  /** `from` is who handed it over, not the author. The frame may be kept: its buffer is not shared. */
  receive(frame: Uint8Array, from: PeerId, topic: string): GateAnswer;
}

/** Counters of `PubSub`, since it was made. */
export interface PubSubStats {
  readonly published: number;
  readonly publishedBytes: number;
  readonly accepted: number;
  readonly ignored: number;
  readonly rejected: number;
  /** Subscribers by topic. */
  readonly peersByTopic: ReadonlyMap<string, number>;
}

/** Publish and receive over the mesh. Closed with `stop`. */
export interface PubSub {
  /**
   * Joins the topics. The node must have been started.
   * @throws P2pError "p2p_not_started"
   */
  start(): Promise<void>;
  /** Leaves the topics. Idempotent; before the node's `stop`. */
  stop(): Promise<void>;
  /**
   * Hands a frame to every peer of the topic and resolves with how many that are now; 0 is no error. No delivery
   * guarantee: the journal's sync gives it. The gate is not asked about own frames.
   * @throws PubSubError "pubsub_not_started", "pubsub_frame_too_large"
   */
  publish(topic: string, frame: Uint8Array): Promise<number>;
  /** Peers that have joined the topic. */
  peers(topic: string): PeerId[];
  stats(): PubSubStats;
}

/** What `createPubSub` stands on. */
export interface PubSubDeps {
  readonly node: Pick<RoutableP2pNode, "router" | "isAdmitted" | "penalise">;
  readonly gate: Gate;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
}

/** Plain data of a `PubSub`. */
export interface PubSubOptions {
  readonly topics: readonly string[];
  /** Larger frames are refused on publish and held against a peer that sends them. */
  readonly maxFrameBytes: number;
}

const IGNORED: GateAnswer = { verdict: "ignore" };

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

/**
 * GossipSub v1.2 on a node: unsigned by itself (the envelope is signed), message id = what the gate says, every message judged
 * once by the gate. A rejected message is an offence of the peer that handed it over: honest peers judge alike and
 * would not have passed it on.
 *
 * @example
 * ```ts
 * const pubsub = createPubSub({ node, gate: journalGate, clock, logger }, { topics: Object.values(TOPICS), maxFrameBytes });
 * await pubsub.start();
 * const recipients = await pubsub.publish(TOPICS.coordination, envelope.frame);
 * ```
 */
export function createPubSub(deps: PubSubDeps, options: PubSubOptions): PubSub {
  return new GossipPubSub(deps, options);
}

class GossipPubSub implements PubSub {
  readonly #deps: PubSubDeps;
  readonly #options: PubSubOptions;
  readonly #counters = new CounterMap();
  #gossip: GossipSub & Lifecycle | undefined;
  #flow: ReturnType<RoutableP2pNode["router"]>["flow"] | undefined;
  /** Authors of messages that are about to be passed on, by their bytes. */
  readonly #authors = new WeakMap<Uint8Array, PeerId>();

  constructor(deps: PubSubDeps, options: PubSubOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#gossip) return;
    const { node, gate } = this.#deps;
    const create = gossipsub({
      ...GOSSIP_OPTIONS,
      allowedTopics: [...this.#options.topics],
      msgIdFn: (message) => gate.idOf(message.data),
      msgIdToStrFn: hexEncode,
      scoreParams: {
        ...SCORE_WEIGHTS,
        appSpecificScore: (peer) => this.#isAdmitted(peer) ? 0 : NOT_ADMITTED_SCORE,
      },
    });
    // the declared type of the factory's result leaves out the lifecycle that its class has (gossipsub 17.1.1)
    const router = node.router();
    router.weighBy((data) => this.#entriesIn(data));
    const gossip = create(router) as GossipSub & Lifecycle;
    const validate = (from: { toString(): string }, message: Message): TopicValidatorResult =>
      this.#validate(parsePeerId(from.toString()), message);
    for (const topic of this.#options.topics) gossip.topicValidators.set(topic, validate);
    spareNeighbours(gossip, {
      authorOf: (data) => this.#authors.get(data),
      isNeighbour: (peer, author) => {
        const id = parsePeerId(peer);
        return id !== undefined && router.isNeighbour(id, author);
      },
    });
    await gossip.start();
    this.#gossip = gossip;
    this.#flow = router.flow;
    gossip.addEventListener("gossipsub:heartbeat", () => trimDeliveryRecords(gossip, this.#deps.clock.nowMs()));
    for (const topic of this.#options.topics) gossip.subscribe(topic);
    router.announcePeers();
  }

  async stop(): Promise<void> {
    const gossip = this.#gossip;
    this.#gossip = undefined;
    if (!gossip) return;
    // gossipsub 17.1.1 leaves its next heartbeat scheduled when it stops
    const heartbeat = gossip.status?.heartbeatTimeout;
    await gossip.stop();
    heartbeat?.close?.();
  }

  async publish(topic: string, frame: Uint8Array): Promise<number> {
    const gossip = this.#gossip;
    if (!gossip) throw new PubSubError("pubsub_not_started", "Cannot publish: the publisher is not running");
    if (frame.byteLength > this.#options.maxFrameBytes) {
      throw new PubSubError(
        "pubsub_frame_too_large",
        `Cannot publish ${frame.byteLength} bytes: the limit is ${this.#options.maxFrameBytes} bytes`,
        { details: { topic, bytes: frame.byteLength } },
      );
    }
    this.#counters.add("published");
    this.#counters.add("publishedBytes", frame.byteLength);
    const { recipients } = await gossip.publish(topic, frame);
    return recipients.length;
  }

  peers(topic: string): PeerId[] {
    const found = this.#gossip?.getSubscribers(topic) ?? [];
    return found.flatMap((peer) => parsePeerId(peer.toString()) ?? []);
  }

  stats(): PubSubStats {
    return {
      published: this.#counters.get("published"),
      publishedBytes: this.#counters.get("publishedBytes"),
      accepted: this.#counters.get("accept"),
      ignored: this.#counters.get("ignore"),
      rejected: this.#counters.get("reject"),
      peersByTopic: new Map(this.#options.topics.map((topic) => [topic, this.peers(topic).length])),
    };
  }

  #validate(from: PeerId | undefined, message: Message): TopicValidatorResult {
    const { verdict, author } = from ? this.#judge(from, message) : IGNORED;
    if (verdict === "accept" && author !== undefined) this.#authors.set(message.data, author);
    this.#counters.add(verdict);
    if (from) this.#weigh(from, message.data);
    if (from && verdict === "reject") this.#deps.node.penalise(from, "rejected_message");
    return VERDICTS[verdict];
  }

  #weigh(from: PeerId, frame: Uint8Array): void {
    if (!this.#flow?.isPressing(from)) return;
    const author = this.#deps.gate.authorOf?.(frame);
    this.#flow.note(from, author === undefined || author === from, this.#entriesIn(frame));
  }

  #entriesIn(frame: Uint8Array): number {
    return this.#deps.gate.entriesIn?.(frame) ?? 1;
  }

  #judge(from: PeerId, message: Message): GateAnswer {
    if (!this.#isAdmitted(from)) return IGNORED;
    if (message.data.byteLength > this.#options.maxFrameBytes) return { verdict: "reject" };
    try {
      return this.#deps.gate.receive(message.data, from, message.topic);
    } catch (error) {
      // a gate that throws is our mistake, not the peer's
      this.#deps.logger.error("gate failed", { topic: message.topic }, error);
      return IGNORED;
    }
  }

  #isAdmitted(peer: string): boolean {
    const id = parsePeerId(peer);
    return id !== undefined && this.#deps.node.isAdmitted(id);
  }
}

interface Lifecycle {
  readonly status?: { readonly heartbeatTimeout?: { close?: () => void } };
  start(): Promise<void>;
  stop(): Promise<void>;
}
