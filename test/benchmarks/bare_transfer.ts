import type { Libp2p, Stream } from "@libp2p/interface";

const PROTOCOL = "/bench/bytes/1";
const CHUNK_BYTES = 256 * 1024;
const MAX_UNSENT_BYTES = 1024 * 1024;

/** Bytes over a bare libp2p stream: none of them is hashed or stored. */
export class BareTransfer {
  readonly #node: Libp2p;
  #bytes = 0;

  constructor(node: Libp2p) {
    this.#node = node;
  }

  async start(): Promise<void> {
    await this.#node.handle(PROTOCOL, (stream: Stream) => void this.#send(stream));
  }

  keep(bytes: number): Promise<string> {
    this.#bytes = bytes;
    return Promise.resolve(String(bytes));
  }

  async fetch(name: string): Promise<number> {
    const [peer] = this.#node.getPeers();
    if (!peer) throw new Error("nobody is connected");
    const stream = await this.#node.dialProtocol(peer, PROTOCOL);
    const { promise, resolve } = Promise.withResolvers<number>();
    let received = 0;
    stream.addEventListener("message", ({ data }) => {
      received += data.byteLength;
      if (received >= Number(name)) resolve(received);
    });
    await promise;
    await stream.close();
    return received;
  }

  async #send(stream: Stream): Promise<void> {
    const chunk = crypto.getRandomValues(new Uint8Array(CHUNK_BYTES / 4));
    for (let at = 0; at < this.#bytes; at += chunk.byteLength) {
      stream.send(chunk);
      while (stream.writeBufferLength > MAX_UNSENT_BYTES) {
        const { promise, resolve } = Promise.withResolvers<void>();
        for (const event of ["drain", "idle"] as const) stream.addEventListener(event, () => resolve(), { once: true });
        await promise;
      }
    }
    await stream.close();
  }
}
