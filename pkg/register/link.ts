import { type Clock, errorMessage, type PeerId, type Timer } from "@bzzz/base";
import { LINK_IDLE_MS, MAX_IN_FLIGHT, REGISTER_PROTOCOL } from "./constants.ts";
import { RegisterError } from "./errors.ts";
import type { PeerStream, StreamOpener } from "./link_types.ts";
import { decodeReply, encodeFrame, type WireReply, type WireRequest } from "./wire.ts";

interface Pending {
  readonly resolve: (reply: WireReply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

/**
 * Questions to one peer: one stream for many at once, opened with the first and closed when none was asked for a while. An
 * answer that does not come, or comes after its time, is an error; what was asked may have been done all the same. At most 1024
 * wait.
 */
export class Link {
  readonly #deps: { readonly streams: StreamOpener; readonly clock: Pick<Clock, "setTimer"> };
  readonly #peer: PeerId;
  readonly #pending = new Map<number, Pending>();
  #stream: Promise<PeerStream> | undefined;
  #nextId = 0;
  #idle: Timer | undefined;

  constructor(deps: { readonly streams: StreamOpener; readonly clock: Pick<Clock, "setTimer"> }, peer: PeerId) {
    this.#deps = deps;
    this.#peer = peer;
  }

  /** @throws RegisterError "register_ended", "register_busy", "register_protocol" */
  async ask(request: WireRequest, options: { readonly timeoutMs: number }): Promise<WireReply> {
    if (this.#pending.size >= MAX_IN_FLIGHT) {
      throw new RegisterError(
        "register_busy",
        `Cannot ask ${this.#peer}: ${MAX_IN_FLIGHT} questions wait for it already`,
      );
    }
    this.#idle?.cancel();
    const id = this.#nextId++ % 0xffff_ffff;
    const { promise, resolve, reject } = Promise.withResolvers<WireReply>();
    const timer = this.#deps.clock.setTimer(options.timeoutMs, () => {
      reject(this.#ended(`no answer within ${options.timeoutMs} ms`));
      this.#settled(id);
    });
    this.#pending.set(id, { resolve, reject, timer });
    this.#send(id, request).catch((error) => {
      reject(this.#ended(errorMessage(error)));
      this.#settled(id);
    });
    return await promise;
  }

  /** Ends the stream; what waits is an error. */
  close(): void {
    this.#idle?.cancel();
    this.#drop(this.#stream, this.#ended("the link was closed"));
  }

  async #send(id: number, request: WireRequest): Promise<void> {
    const opening = this.#stream ??= this.#open();
    const stream = await opening;
    // While the stream was being opened the question may have run out of time.
    if (this.#pending.has(id)) await stream.send(encodeFrame(id, request));
  }

  #open(): Promise<PeerStream> {
    const opening = this.#deps.streams.open(this.#peer, REGISTER_PROTOCOL, {});
    opening.then(
      (stream) => this.#listen(stream, opening),
      (error) => this.#drop(opening, this.#ended(errorMessage(error))),
    );
    return opening;
  }

  async #listen(stream: PeerStream, opening: Promise<PeerStream>): Promise<void> {
    try {
      while (this.#stream === opening) {
        const frame = await stream.receive();
        if (!frame) break;
        const [id, reply] = decodeReply(frame);
        this.#pending.get(id)?.resolve(reply);
        this.#settled(id);
      }
      this.#drop(opening, this.#ended("the peer closed the stream"));
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(errorMessage(error)));
      this.#drop(opening, this.#ended(errorMessage(error)));
    }
  }

  #settled(id: number): void {
    this.#pending.get(id)?.timer.cancel();
    this.#pending.delete(id);
    if (this.#pending.size > 0 || !this.#stream) return;
    this.#idle?.cancel();
    this.#idle = this.#deps.clock.setTimer(LINK_IDLE_MS, () => this.close(), { unref: true });
  }

  /** The stream is not used any more; the next question opens another. */
  #drop(opening: Promise<PeerStream> | undefined, error: RegisterError): void {
    if (!opening || this.#stream !== opening) return;
    this.#stream = undefined;
    for (const [id, { reject }] of [...this.#pending]) {
      reject(error);
      this.#settled(id);
    }
    // A stream that never opened has nothing to close, and its failure is told to whoever asked.
    opening.then((stream) => stream.close(), () => {});
  }

  #ended(reason: string): RegisterError {
    return new RegisterError("register_ended", `Cannot ask ${this.#peer}: ${reason}`, {
      details: { peer: this.#peer },
    });
  }
}
