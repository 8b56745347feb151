import { errorMessage, type PeerId, TaskGroup } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { MAX_IN_FLIGHT, REGISTER_PROTOCOL } from "./constants.ts";
import { RegisterError } from "./errors.ts";
import type { PeerStream, StreamOpener } from "./link_types.ts";
import { decodeRequest, encodeFrame, type WireReply, type WireRequest } from "./wire.ts";

/** Requests of one peer that are answered at once; beyond, its stream is not read further. */
const MAX_PER_STREAM = 256;

/** What a server stands on. */
export interface ServerDeps {
  readonly streams: StreamOpener;
  readonly logger: Logger;
  /** The answer to a request of a peer. Never rejects. */
  readonly answer: (from: PeerId, request: WireRequest) => Promise<WireReply>;
  /** Told about a peer that sent what no honest peer sends. */
  readonly penalise: (peer: PeerId, reason: string) => void;
}

/** Answers requests on `/bzzz/reg/1.0.0`, many at once on a stream, each as soon as it is known. */
export class RegisterServer {
  readonly #deps: ServerDeps;
  readonly #tasks: TaskGroup;
  #running = 0;

  constructor(deps: ServerDeps) {
    this.#deps = deps;
    this.#tasks = new TaskGroup((error, what) =>
      deps.logger.debug("A reply was not sent", { what, reason: errorMessage(error) })
    );
  }

  start(): void {
    this.#deps.streams.handle(REGISTER_PROTOCOL, (stream) => this.#serve(stream), { maxInboundStreams: 4 });
  }

  /** Resolves when every request that was taken has its reply. */
  async stop(): Promise<void> {
    await this.#tasks.settled();
  }

  async #serve(stream: PeerStream): Promise<void> {
    let open = 0;
    let wake: (() => void) | undefined;
    try {
      while (true) {
        const frame = await stream.receive();
        if (!frame) return;
        const [id, request] = decodeRequest(frame);
        open++;
        this.#tasks.run("reply", async () => {
          try {
            await stream.send(encodeFrame(id, await this.#answer(stream.remote, request)));
          } finally {
            open--;
            wake?.();
          }
        });
        while (open >= MAX_PER_STREAM) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
      }
    } catch (error) {
      if (error instanceof RegisterError && error.code === "register_protocol") {
        this.#deps.penalise(stream.remote, error.code);
      }
      throw error;
    }
  }

  async #answer(from: PeerId, request: WireRequest): Promise<WireReply> {
    if (this.#running >= MAX_IN_FLIGHT) return { type: "unavailable" };
    this.#running++;
    try {
      return await this.#deps.answer(from, request);
    } finally {
      this.#running--;
    }
  }
}
