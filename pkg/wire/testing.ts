/**
 * Signed envelopes for tests of other packages.
 *
 * @module
 */
import { type EntryId, hexEncode, type MeshId, type PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { peerIdFromPublicKey, sha256, type SigningKey, signingKeyFromSeed } from "@bzzz/crypto";
import type { BodyOf, EntryKind, SignalKind } from "./bodies.ts";
import { TOPICS } from "./constants.ts";
import { type Envelope, type EnvelopeDraft, sealBodyBytes, sealEnvelope } from "./envelope.ts";

/** An author with a log of its own in a mesh of its own; every run of a seed gives the same bytes. */
export class TestAuthor {
  readonly key: SigningKey;
  readonly peer: PeerId;
  readonly mesh: MeshId;
  #seq = 0;
  #prev: EntryId | undefined;
  #ms: number;

  constructor(seed: number, options: { mesh?: MeshId; startMs?: number } = {}) {
    this.key = signingKeyFromSeed(createSeededRandom(seed).bytes(32));
    this.peer = peerIdFromPublicKey(this.key.publicKey);
    this.mesh = options.mesh ?? hexEncode(sha256(new Uint8Array(1)).subarray(0, 16)) as MeshId; // 32 hexadecimal digits
    this.#ms = options.startMs ?? Date.UTC(2026, 0, 1);
  }

  /** The next entry of the log. */
  entry<K extends EntryKind>(kind: K, body: BodyOf<K>, fields: Partial<EnvelopeDraft> = {}): Envelope {
    const envelope = sealEnvelope(
      this.key,
      {
        ...this.#base(),
        seq: this.#seq + 1,
        ...(this.#prev ? { prev: this.#prev } : {}),
        ...fields,
      },
      kind,
      body,
    );
    this.#seq++;
    this.#prev = envelope.id;
    return envelope;
  }

  /** The next entry of the log, with body bytes as they are: of another version, or broken. */
  rawEntry(kind: string, body: Uint8Array<ArrayBuffer>, fields: Partial<EnvelopeDraft> = {}): Envelope {
    const place = { seq: this.#seq + 1, ...(this.#prev ? { prev: this.#prev } : {}) };
    const envelope = sealBodyBytes(this.key, { ...this.#base(), ...place, ...fields }, kind, body);
    this.#seq++;
    this.#prev = envelope.id;
    return envelope;
  }

  /** A signal with body bytes as they are. */
  rawSignal(kind: string, body: Uint8Array<ArrayBuffer>, fields: Partial<EnvelopeDraft> = {}): Envelope {
    return sealBodyBytes(this.key, { ...this.#base(), ...fields }, kind, body);
  }

  /** A plain message as the next entry. */
  message(text: string): Envelope {
    return this.entry("message_posted", { type: "message", text });
  }

  signal<K extends SignalKind>(kind: K, body: BodyOf<K>, fields: Partial<EnvelopeDraft> = {}): Envelope {
    return sealEnvelope(this.key, { ...this.#base(), ...fields }, kind, body);
  }

  #base(): EnvelopeDraft {
    return { mesh: this.mesh, author: this.peer, hlc: { ms: ++this.#ms, counter: 0 }, topic: TOPICS.coordination };
  }
}
