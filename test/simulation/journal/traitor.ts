import type { EntryId, PeerId } from "@bzzz/base";
import { decodeCbor, encodeCbor, type Envelope, packFrames, sealEnvelope, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import type { Chance } from "../engine/chance.ts";

/** What the traitor does next. */
export type Mischief =
  | "entry"
  | "fork"
  | "garbage"
  | "altered"
  | "replay"
  /** Entries like any other, in one message. */
  | "bundle"
  /** A bundle with a forgery in it; the others get it without. */
  | "spoilt"
  /** An entry for one group alone. */
  | "whisper"
  /** The last entry with a signature that is none, and a new one behind it: for those who know the last one already. */
  | "spoilt_copy";

const START_MS = Date.UTC(2026, 0, 1);

/** The same header and body, and so the same id, with a signature that is none. */
function unsigned(frame: Uint8Array): Uint8Array {
  const [header, , body] = decodeCbor(frame) as Uint8Array[]; // the traitor's own frame
  return encodeCbor([header, new Uint8Array(64), body]);
}

/** A member with a valid key that keeps to no rule: forks its log, alters and replays frames, sends noise. */
export class Traitor {
  readonly #author = new TestAuthor(666);
  readonly #sent: Envelope[] = [];
  #made = 0;
  #seq = 0;
  #prev: EntryId | undefined;

  get peer(): PeerId {
    return this.#author.peer;
  }

  /** Frames for two groups of nodes; the second differs from the first when the log is forked. */
  make(
    mischief: Mischief,
    chance: Chance,
  ): { readonly one: Uint8Array; readonly other: Uint8Array; readonly seq?: number } {
    const known = this.#sent.length === 0 ? undefined : chance.pick(this.#sent).frame;
    switch (mischief) {
      case "fork": {
        const other = this.#next("the other half hears this");
        const one = this.#next("one half hears this");
        const seq = this.#advance(one);
        return { one: one.frame, other: other.frame, seq };
      }
      case "garbage": {
        const noise = chance.bytes(1 + chance.int(300));
        return { one: noise, other: noise };
      }
      case "altered": {
        const altered = (known ?? chance.bytes(64)).slice();
        altered[chance.int(altered.length)] = chance.int(256);
        return { one: altered, other: altered };
      }
      case "replay": {
        const again = known ?? this.#entry();
        return { one: again, other: again };
      }
      case "entry": {
        const frame = this.#entry();
        return { one: frame, other: frame };
      }
      case "bundle": {
        const bundle = packFrames(this.#entries(2 + chance.int(10)));
        return { one: bundle, other: bundle };
      }
      case "spoilt": {
        const frames = this.#entries(2 + chance.int(10));
        const at = chance.int(frames.length);
        const one = packFrames(frames.map((frame, index) => index === at ? unsigned(frame) : frame));
        return { one, other: packFrames(frames) };
      }
      case "whisper":
        return { one: this.#entry(), other: chance.bytes(1) };
      case "spoilt_copy": {
        const last = this.#sent.at(-1)?.frame ?? this.#entry();
        return { one: packFrames([unsigned(last), this.#entry()]), other: chance.bytes(1) };
      }
    }
  }

  #entries(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#entry());
  }

  #entry(): Uint8Array {
    const envelope = this.#next("an entry like any other");
    this.#advance(envelope);
    return envelope.frame;
  }

  #next(text: string): Envelope {
    const { key, peer, mesh } = this.#author;
    const hlc = { ms: START_MS + this.#made++, counter: 0 };
    const place = { seq: this.#seq + 1, ...(this.#prev === undefined ? {} : { prev: this.#prev }) };
    const header = { mesh, author: peer, hlc, topic: TOPICS.coordination, ...place };
    return sealEnvelope(key, header, "message_posted", { type: "message", text });
  }

  #advance(envelope: Envelope): number {
    this.#sent.push(envelope);
    this.#prev = envelope.id;
    return ++this.#seq;
  }
}
