/**
 * Fakes for tests of what is built on the runtime: signals without signals, memory without a load, a mesh in memory.
 *
 * @module
 */
import { BoundedQueue, type EntryId, parseEntryId, type PeerId } from "@bzzz/base";
import type { MeshMessage, MessageHandler, P2PParticipant, PublishReceipt } from "./interfaces.ts";
import type { MemorySample } from "./memory.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { ExitStatus } from "@bzzz/cli";

/** Signals that a test sends; give it to `ShutdownManager.watch`. `end()` ends the iteration. */
export function createFakeSignals(): AsyncIterable<string> & { send(signal: string): void; end(): void } {
  const queue = new BoundedQueue<string>({ capacity: 8, overflow: "drop_newest" });
  return {
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    send: (signal) => void queue.push(signal),
    end: () => queue.close(),
  };
}

/** A `forceExit` that writes down instead of ending the test. */
export function createFakeExit(): {
  readonly forceExit: (status: ExitStatus) => void;
  readonly statuses: readonly ExitStatus[];
} {
  const statuses: ExitStatus[] = [];
  return { statuses, forceExit: (status) => void statuses.push(status) };
}

/** A memory of which the test says how full it is. */
export function createFakeMemory(limitMb: number): { share: number; readMemory: () => MemorySample } {
  const limitBytes = limitMb * 1024 * 1024;
  const fake = {
    share: 0.3,
    readMemory: (): MemorySample => ({
      rssBytes: fake.share * limitBytes,
      heapUsedBytes: fake.share * limitBytes / 2,
      heapLimitBytes: limitBytes,
    }),
  };
  return fake;
}

/** A service that writes its steps into `log` ("create store", "start store", "stop store") and can be told to fail at one. */
export function createLoggedService<Services extends object>(
  log: string[],
  name: keyof Services & string,
  dependsOn: readonly (keyof Services & string)[] = [],
  options: { readonly value?: Services[keyof Services & string]; readonly failAt?: "create" | "start" | "stop" } = {},
): ServiceDefinition<Services> {
  const note = (step: "create" | "start" | "stop") => {
    log.push(`${step} ${name}`);
    if (options.failAt === step) throw new Error(`${name} fails at ${step}`);
  };
  return serviceDefiner<Services>()({
    name,
    dependsOn,
    create: () => {
      note("create");
      // A fake for tests of order: whoever reads the value gives one.
      return options.value ?? {} as Services[keyof Services & string];
    },
    start: () => note("start"),
    stop: () => note("stop"),
  });
}

/** A mesh without a network: what one participant publishes, all that joined receive in the order of publishing, as one. */
export class MemoryMesh {
  readonly #participants = new Set<MemoryParticipant>();
  readonly #entries: MeshMessage[] = [];

  /** A participant that has not joined. */
  createParticipant(peerId: PeerId): P2PParticipant {
    const participant: MemoryParticipant = new MemoryParticipant(peerId, {
      join: () => void this.#participants.add(participant),
      publish: (topic, data) => this.#publish(participant, topic, data),
      peers: () => this.#participants.has(participant) ? [...this.#participants].map((other) => other.getPeerID()) : [],
    });
    return participant;
  }

  /** Everything that was published, in order. */
  get entries(): readonly MeshMessage[] {
    return this.#entries;
  }

  #publish(author: MemoryParticipant, topic: string, data: unknown): PublishReceipt {
    const id = fakeEntryId(this.#entries.length + 1);
    const kind = typeof data === "string" ? "message_posted" : "data";
    const message: MeshMessage = { id, author: author.getPeerID(), topic, kind, body: data };
    this.#entries.push(message);
    for (const participant of this.#participants) participant.deliver(message);
    const seq = this.#entries.filter((entry) => entry.author === message.author).length;
    return { id, seq };
  }
}

interface MeshSide {
  join(): void;
  publish(topic: string, data: unknown): PublishReceipt;
  peers(): PeerId[];
}

class MemoryParticipant implements P2PParticipant {
  readonly #peerId: PeerId;
  readonly #mesh: MeshSide;
  readonly #handlers = new Map<string, Set<MessageHandler>>();

  constructor(peerId: PeerId, mesh: MeshSide) {
    this.#peerId = peerId;
    this.#mesh = mesh;
  }

  joinMesh(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    this.#mesh.join();
    return Promise.resolve();
  }

  publishMessage(topic: string, data: unknown): Promise<PublishReceipt> {
    return Promise.resolve(this.#mesh.publish(topic, data));
  }

  subscribeToTopic(topic: string, handler: MessageHandler): () => void {
    const handlers = this.#handlers.get(topic) ?? new Set();
    this.#handlers.set(topic, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  getPeerID(): PeerId {
    return this.#peerId;
  }

  getConnectedPeers(): readonly PeerId[] {
    return this.#mesh.peers().filter((peer) => peer !== this.#peerId);
  }

  /** Hands a message to the handlers of its topic. */
  deliver(message: MeshMessage): void {
    for (const handler of this.#handlers.get(message.topic) ?? []) void handler(message); // a test's own handler
  }
}

function fakeEntryId(number: number): EntryId {
  const id = parseEntryId(number.toString(16).padStart(64, "0"));
  if (!id) throw new RangeError(`Cannot make an entry id of ${number}`);
  return id;
}
