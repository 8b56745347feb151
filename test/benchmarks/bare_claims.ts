import { DatabaseSync } from "node:sqlite";
import { afterThisTurn } from "@bzzz/base";
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";

const PROTOCOL = "/bench/claims/1";
const RECORD_BYTES = 400;
const ID_BYTES = 4;

/**
 * What a claim cannot do without, on bare libp2p streams and SQLite: two rounds, in each a write that is on the disk here and on
 * one more of three nodes. No ballots, no signatures, no rules; all writes of one turn of the event loop share an fsync.
 */
export class BareClaims {
  readonly #node: Libp2p;
  readonly #db: DatabaseSync;
  readonly #streams = new Map<string, Promise<Stream>>();
  readonly #waiting = new Map<number, () => void>();
  #pending: { readonly id: number; readonly done: () => void }[] = [];
  #nextId = 0;

  constructor(node: Libp2p, path: string) {
    this.#node = node;
    this.#db = new DatabaseSync(path);
    this.#db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE claims (id INTEGER, record BLOB)",
    );
  }

  async start(): Promise<void> {
    await this.#node.handle(PROTOCOL, (stream: Stream, _connection: Connection) => {
      this.#read(stream, (id) => void this.#write(id).then(() => stream.send(frame(id, ID_BYTES))));
    }, { maxInboundStreams: 8 });
  }

  /** Resolves when two rounds were on two disks. */
  async claim(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const id = this.#nextId++;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.set(id, resolve);
      const others = this.#node.getPeers().map(async (peer) =>
        (await this.#streamTo(String(peer))).send(frame(id, RECORD_BYTES))
      );
      await Promise.all([this.#write(id), promise, ...others]);
      this.#waiting.delete(id);
    }
  }

  #streamTo(peer: string): Promise<Stream> {
    let opening = this.#streams.get(peer);
    if (!opening) {
      opening = this.#node.dialProtocol(peerIdFromString(peer), PROTOCOL).then((stream) => {
        this.#read(stream, (id) => this.#waiting.get(id)?.());
        return stream;
      });
      this.#streams.set(peer, opening);
    }
    return opening;
  }

  /** Frames are a length and an id, then filling. */
  #read(stream: Stream, onId: (id: number) => void): void {
    let rest = new Uint8Array(0);
    stream.addEventListener("message", ({ data }) => {
      const chunk = data.subarray();
      const joined = new Uint8Array(rest.byteLength + chunk.byteLength);
      joined.set(rest);
      joined.set(chunk, rest.byteLength);
      rest = joined;
      while (rest.byteLength >= 2 * ID_BYTES) {
        const view = new DataView(rest.buffer, rest.byteOffset);
        const length = view.getUint32(0);
        if (rest.byteLength < ID_BYTES + length) return;
        onId(view.getUint32(ID_BYTES));
        rest = rest.slice(ID_BYTES + length);
      }
    });
  }

  #write(id: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending.push({ id, done: resolve });
    if (this.#pending.length === 1) afterThisTurn(() => this.#flush());
    return promise;
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#db.exec("BEGIN");
    const insert = this.#db.prepare("INSERT INTO claims (id, record) VALUES (?, ?)");
    for (const { id } of pending) insert.run(id, new Uint8Array(RECORD_BYTES));
    this.#db.exec("COMMIT");
    for (const { done } of pending) done();
  }
}

function frame(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(ID_BYTES, id);
  return bytes;
}
