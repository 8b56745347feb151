/**
 * Context for tests: over a real journal and database, with contents in memory and a sealer whose doing can be seen.
 *
 * @module
 */
import {
  type Bytes,
  BzzzError,
  type Clock,
  concatBytes,
  hexEncode,
  type PeerId,
  utf8Decode,
  utf8Encode,
} from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import type { AuthorityLevel } from "@bzzz/crypto";
import { sha256 } from "@bzzz/crypto";
import type { AuthorGate, Journal } from "@bzzz/journal";
import { createTestJournal, OpenGate, type TestJournal, type TestJournalOptions } from "@bzzz/journal/testing";
import { ContextStore } from "./context_store.ts";
import type { ContentSealer, ContentStore } from "./types.ts";
import { VersionIndex } from "./version_index.ts";

const LEVELS: Readonly<Record<string, number>> = { observer: 0, developer: 1, reviewer: 2, architect: 3, admin: 4 };

/** Seals by writing the audience in front and turning every bit: anyone can check what it did, and nothing is in the clear. */
export class TransparentSealer implements ContentSealer {
  role: string;
  revocations = 0;

  /** `role` is the role of this node. */
  constructor(role = "admin") {
    this.role = role;
  }

  seal(bytes: Uint8Array, audience: readonly string[]): Promise<Bytes> {
    const unknown = audience.find((role) => LEVELS[role] === undefined);
    if (unknown !== undefined) {
      return Promise.reject(
        new BzzzError("unknown_role", `Cannot seal content: the mesh has no role "${unknown}"`),
      );
    }
    return Promise.resolve(concatBytes(utf8Encode(`sealed ${audience.join(",")}\n`), bytes.map((byte) => byte ^ 0xff)));
  }

  open(sealed: Uint8Array): Promise<Bytes | "denied"> {
    const end = sealed.indexOf(10);
    const [word, audience = ""] = utf8Decode(sealed.subarray(0, Math.max(0, end))).split(" ");
    if (word !== "sealed") return Promise.reject(new BzzzError("malformed", "Cannot open content: it is not sealed"));
    const level = LEVELS[this.role] ?? -1;
    const isReader = audience.split(",").some((role) => role === this.role || level > (LEVELS[role] ?? 9));
    return Promise.resolve(isReader ? sealed.slice(end + 1).map((byte) => byte ^ 0xff) : "denied");
  }
}

/** Sealed contents in memory; several nodes of a test may share one, as if they fetched from each other at once. */
export class MemoryContent implements ContentStore {
  readonly contents = new Map<string, Uint8Array>();

  put(sealed: Uint8Array): Promise<string> {
    const hash = hexEncode(sha256(sealed));
    this.contents.set(hash, sealed);
    return Promise.resolve(hash);
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.contents.get(hash));
  }

  local(hash: string): Promise<Uint8Array | undefined> {
    return this.get(hash);
  }
}

/** A context with everything it stands on. */
export interface TestContext extends AsyncDisposable {
  readonly context: ContextStore;
  readonly index: VersionIndex;
  readonly journal: Journal;
  readonly test: TestJournal;
  readonly clock: Clock;
  readonly self: PeerId;
  readonly sealer: TransparentSealer;
  readonly content: MemoryContent;
  /** Takes everything another node has written. */
  pull(from: TestContext): Promise<void>;
}

/** Settings of a test context. */
export interface TestContextOptions extends TestJournalOptions {
  readonly role?: string;
  readonly level?: AuthorityLevel;
  readonly content?: MemoryContent;
  readonly maxContentBytes?: number;
  /** False leaves `index.start` to the test. */
  readonly isIndexed?: boolean;
}

/** A started context; nodes of one mesh need different seeds and the same gate. */
export function createTestContext(options: TestContextOptions = {}): TestContext {
  const gate: AuthorGate = options.gate ?? new OpenGate();
  const test = createTestJournal({ ...options, gate });
  const { journal, store, clock, peer: self } = test;
  const index = new VersionIndex({
    journal,
    store,
    grantAt: ({ envelope: { header } }) => {
      const check = gate.checkAuthor(header.author, {
        hlcMs: header.hlc.ms,
        nowMs: clock.nowMs(),
        path: "sync",
        ...(header.seq === undefined ? {} : { seq: header.seq }),
      });
      return check.ok ? check.grant : undefined;
    },
  });
  if (options.isIndexed !== false) index.start();
  const sealer = new TransparentSealer(options.role);
  const content = options.content ?? new MemoryContent();
  const context = new ContextStore({
    journal,
    index,
    content,
    sealer,
    random: createSeededRandom(options.seed ?? 1),
    self,
    level: () => options.level ?? "master",
  }, { maxContentBytes: options.maxContentBytes ?? 1024 * 1024 });
  return {
    context,
    index,
    journal,
    test,
    clock,
    self,
    sealer,
    content,
    async pull(from) {
      for (const [author, { seq }] of from.journal.vector()) {
        const known = journal.vector().get(author)?.seq ?? 0;
        if (known >= seq) continue;
        const frames = from.journal.framesFrom(author, known + 1, { maxBytes: 16 * 1024 * 1024, limit: 4096 });
        await journal.ingestBatch(frames, { peer: from.self });
      }
    },
    async [Symbol.asyncDispose]() {
      index.stop();
      await test[Symbol.asyncDispose]();
    },
  };
}
