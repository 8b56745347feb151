import { BzzzError, errorMessage, hexDecode, type PeerId, type Random, utf8Decode } from "@bzzz/base";
import { type AuthorityLevel, levelAtLeast } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import { type Address, addressKey, atTemporal, formatAddress, type Temporal } from "@bzzz/ucxl";
import { type BodyOf, MAX_AUDIENCE_ROLES, MAX_MEDIA_TYPE_CHARACTERS, TOPICS } from "@bzzz/wire";
import { ContextError } from "./errors.ts";
import { unwrapContent, wrapContent } from "./payload.ts";
import type { ContentSealer, ContentStore, OpenedVersion, PutInput, Version, VersionContent } from "./types.ts";
import type { VersionIndex } from "./version_index.ts";
import { WriteTurns } from "./write_turns.ts";

/** type "/" subtype of RFC 9110 section 8.3.1, with parameters. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[ \t]*[\w!#$&^.+-]+=([\w!#$&^.+-]+|"[\x20\x21\x23-\x7e]*"))*$/;

/** What a store stands on. */
export interface ContextStoreDeps {
  readonly journal: Pick<Journal, "append">;
  readonly index: VersionIndex;
  readonly content: ContentStore;
  readonly sealer: ContentSealer;
  readonly random: Random;
  readonly self: PeerId;
  /** Of this node's grant now. */
  readonly level: () => AuthorityLevel;
}

/** Plain settings of a store. */
export interface ContextStoreOptions {
  /** Largest content, bytes. */
  readonly maxContentBytes: number;
}

/** Two versions of one address with their contents. */
export interface VersionPair {
  readonly before: OpenedVersion;
  readonly after: OpenedVersion;
}

/**
 * Context by address: every write is a version, no version is lost. A write is sealed, and its sealed bytes and its signed
 * entry are on disk, the entry never without them, before it is acknowledged.
 */
export class ContextStore {
  readonly #deps: ContextStoreDeps;
  readonly #options: ContextStoreOptions;
  readonly #turns = new WriteTurns();

  constructor(deps: ContextStoreDeps, options: ContextStoreOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Writes a version. `address` must name one thing; its temporal segment plays no part.
   * @throws ContextError "precondition_failed", "already_exists", "content_too_large", "invalid_audience", "invalid_media_type";
   *   BzzzError "queue_full", and what journal, store and sealer refuse with
   */
  async put(address: Address, input: PutInput): Promise<Version> {
    this.#assertFits(input);
    return await this.#turns.run(addressKey(address), async () => {
      this.#assertOver(address, input.onlyOver);
      const payload = wrapContent(this.#deps.random, input.bytes);
      const sealed = await this.#seal(payload.bytes, input.audience);
      // one fsync for both: the entry is told when it is on the disk, and the content is there with it
      const hash = hexDecode(await this.#deps.content.put(sealed, { isLazy: true })) ?? new Uint8Array();
      // others' versions may have come meanwhile; from here to the append nothing waits
      const previous = this.#assertOver(address, input.onlyOver);
      return await this.#append("context_put", {
        address: addressKey(address),
        revision: payload.revision,
        sealed: hash,
        sealedBytes: sealed.byteLength,
        size: input.bytes.byteLength,
        mediaType: input.mediaType,
        audience: [...new Set(input.audience)].sort(),
        ...(previous ? { previous: previous.entry } : {}),
      });
    });
  }

  /**
   * Writes the version that says that the thing is gone; the versions before it stay.
   * @throws ContextError "not_found", "deleted", "precondition_failed", "not_allowed"
   */
  async remove(address: Address, options: { readonly onlyOver?: string } = {}): Promise<Version> {
    return await this.#turns.run(addressKey(address), async () => {
      const latest = this.#deps.index.resolve(atTemporal(address, { type: "latest" }));
      if (!latest.content) throw deleted(latest);
      this.#assertOver(address, options.onlyOver);
      if (latest.author !== this.#deps.self && !levelAtLeast(this.#deps.level(), "coordination")) {
        throw new ContextError(
          "not_allowed",
          `Cannot delete "${
            formatAddress(latest.address)
          }": its latest version is another member's, and that takes level coordination`,
          { details: { address: formatAddress(latest.address), version: latest.n } },
        );
      }
      return await this.#append("context_deleted", { address: addressKey(address), previous: latest.entry });
    });
  }

  /**
   * The content of a version in the clear.
   * @throws ContextError "not_found", "deleted", "not_a_recipient", "content_unavailable", "content_damaged";
   *   UcxlError "version_out_of_bounds"
   */
  async read(
    address: Address,
    options: { readonly reference?: number; readonly signal?: AbortSignal } = {},
  ): Promise<OpenedVersion> {
    return await this.open(this.#deps.index.resolve(address, options), options);
  }

  /** As `read`, of a version that was found before. `isLocal` asks no other node. */
  async open(
    version: Version,
    options: { readonly signal?: AbortSignal; readonly isLocal?: boolean } = {},
  ): Promise<OpenedVersion> {
    const { content } = version;
    if (!content) throw deleted(version);
    const address = formatAddress(version.address);
    const sealed = options.isLocal
      ? await this.#deps.content.local(content.sealed)
      : await this.#deps.content.get(content.sealed, options.signal ? { signal: options.signal } : {});
    if (!sealed) {
      throw new ContextError(
        "content_unavailable",
        `Cannot read version ${version.n} of "${address}": no node that can be reached has its content`,
        { details: { address, version: version.n } },
      );
    }
    return { version: { ...version, content }, bytes: await this.#unseal(sealed, version, content) };
  }

  /** Two versions of an address, each with its content; see `read` for what it throws. */
  async pair(
    address: Address,
    before: Temporal,
    after: Temporal,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<VersionPair> {
    const later = await this.read(atTemporal(address, after), options);
    const earlier = await this.read(atTemporal(address, before), { ...options, reference: later.version.n });
    return { before: earlier, after: later };
  }

  /** A standard age file of a version's content, for the roles it is meant for. */
  async export(opened: OpenedVersion): Promise<Uint8Array> {
    return await this.#seal(opened.bytes, opened.version.content.audience);
  }

  /**
   * The content of a file that was sealed for a role of this node elsewhere.
   * @throws ContextError "not_a_recipient"; what the sealer throws for what is no such file
   */
  async openFile(sealed: Uint8Array): Promise<Uint8Array> {
    const content = await this.#deps.sealer.open(sealed);
    if (content !== "denied") return content;
    throw new ContextError("not_a_recipient", "Cannot read the file: it is sealed to no role of this node");
  }

  async #unseal(sealed: Uint8Array, version: Version, content: VersionContent): Promise<Uint8Array> {
    const address = formatAddress(version.address);
    const details = { address, version: version.n };
    const payload = await this.#deps.sealer.open(sealed).catch((cause: unknown) => {
      throw new ContextError("content_damaged", `Cannot read "${address}": ${errorMessage(cause)}`, { cause, details });
    });
    if (payload === "denied") {
      throw new ContextError(
        "not_a_recipient",
        `Cannot read "${address}": it is meant for ${
          content.audience.join(", ")
        } and the roles above, and this node is none`,
        { details },
      );
    }
    const bytes = unwrapContent(payload, content.revision);
    if (bytes) return bytes;
    throw new ContextError("content_damaged", `Cannot read "${address}": its content is not what its author signed`, {
      details,
    });
  }

  async #seal(bytes: Uint8Array, audience: readonly string[]): Promise<Uint8Array> {
    try {
      return await this.#deps.sealer.seal(bytes, audience);
    } catch (cause) {
      if (!(cause instanceof BzzzError) || cause.code !== "unknown_role") throw cause;
      throw new ContextError("invalid_audience", cause.message, { cause, details: { field: "audience" } });
    }
  }

  async #append<K extends "context_put" | "context_deleted">(kind: K, body: BodyOf<K>): Promise<Version> {
    const entry = await this.#deps.journal.append({ kind, topic: TOPICS.context, body });
    const version = this.#deps.index.ofEntry(entry.envelope.id);
    if (version) return version;
    // the grant ended or changed between the check and the commit: the entry stands in the log, and every fold leaves it out
    throw new ContextError("not_allowed", "Cannot write that: the grant of this node no longer allows it");
  }

  /** The latest version. @throws ContextError when it is not what the caller allows to write over */
  #assertOver(address: Address, onlyOver: string | undefined): Version | undefined {
    const latest = this.#deps.index.latest(address);
    if (onlyOver === undefined) return latest;
    const found = latest?.content?.revision;
    const details = {
      address: formatAddress(address),
      provided: onlyOver,
      found: found ?? (latest ? "a deletion" : "nothing"),
      version: latest?.n,
    };
    if (onlyOver === "none") {
      if (found === undefined) return latest;
      throw new ContextError("already_exists", `Cannot create "${details.address}": it has ${latest?.n} versions`, {
        details,
      });
    }
    if (onlyOver === "any" ? found !== undefined : found === onlyOver) return latest;
    throw new ContextError(
      "precondition_failed",
      `Cannot write over "${details.address}": its latest version is another than the one that was read; read it again`,
      { details },
    );
  }

  #assertFits({ bytes, mediaType, audience }: PutInput): void {
    const { maxContentBytes } = this.#options;
    if (bytes.byteLength > maxContentBytes) {
      throw new ContextError(
        "content_too_large",
        `Cannot store the content: ${bytes.byteLength} bytes are more than ${maxContentBytes}`,
        { details: { bytes: bytes.byteLength, max_bytes: maxContentBytes } },
      );
    }
    if (mediaType.length > MAX_MEDIA_TYPE_CHARACTERS || !MEDIA_TYPE.test(mediaType)) {
      throw new ContextError(
        "invalid_media_type",
        `Cannot store the content: "${mediaType.slice(0, 60)}" is no media type like text/plain`,
        { details: { field: "media_type", provided: mediaType.slice(0, 60), expected_format: "type/subtype" } },
      );
    }
    if (audience.length === 0 || audience.length > MAX_AUDIENCE_ROLES) {
      throw new ContextError(
        "invalid_audience",
        `Cannot store the content: ${audience.length} roles are named, expected 1 to ${MAX_AUDIENCE_ROLES}`,
        { details: { field: "audience", provided: audience.length } },
      );
    }
  }
}

/** The text of a content. @throws ContextError "not_text" */
export function textOf({ version, bytes }: OpenedVersion): string {
  try {
    return utf8Decode(bytes);
  } catch (cause) {
    throw new ContextError(
      "not_text",
      `Cannot compare version ${version.n} of "${formatAddress(version.address)}": it is not text in UTF-8`,
      { cause, details: { media_type: version.content.mediaType } },
    );
  }
}

function deleted(version: Version): ContextError {
  const address = formatAddress(version.address);
  return new ContextError(
    "deleted",
    `Cannot read version ${version.n} of "${address}": there it was deleted; an earlier version is at "${
      formatAddress(atTemporal(version.address, { type: "back", n: 1 }))
    }"`,
    { details: { address, version: version.n } },
  );
}
