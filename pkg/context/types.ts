import type { EntryId, PeerId } from "@bzzz/base";
import type { Address } from "@bzzz/ucxl";
import type { Hlc } from "@bzzz/wire";

/**
 * Seals content for roles and opens what is sealed to a role of this node. What it makes are standard age files.
 * The runtime gives the one of the mesh; tests a transparent one.
 */
export interface ContentSealer {
  /**
   * The content, readable by the roles of `audience` and those above them.
   * @throws BzzzError "unknown_role" when the mesh has no such role, and why it cannot be sealed now
   */
  seal(bytes: Uint8Array, audience: readonly string[]): Promise<Uint8Array>;
  /** The content, or "denied" when it is sealed to none of this node's roles. @throws BzzzError "malformed", "too_large" */
  open(sealed: Uint8Array): Promise<Uint8Array | "denied">;
  /** Changes whenever this node can open less than before: what was derived from content has to go. */
  readonly revocations?: number;
}

/** Sealed content by its SHA-256 (64 hexadecimal digits), on this node and, when it is asked for, on others. */
export interface ContentStore {
  /**
   * Keeps `sealed`; on disk when it resolves, or with `isLazy` no later than an entry that is appended to the journal from
   * then on. The hash. @throws BzzzError when it cannot
   */
  put(sealed: Uint8Array, options?: { readonly isLazy?: boolean }): Promise<string>;
  /** The verified bytes; undefined when nobody who can be reached has them. */
  get(hash: string, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  /** The verified bytes if they are on this node. */
  local(hash: string): Promise<Uint8Array | undefined>;
}

/** What a version holds. */
export interface VersionContent {
  /** Names this very content, whoever seals it how: 64 hexadecimal digits. Tells nothing about the content by itself. */
  readonly revision: string;
  /** SHA-256 of the sealed bytes. */
  readonly sealed: string;
  readonly sealedBytes: number;
  /** Bytes of the content. */
  readonly size: number;
  readonly mediaType: string;
  /** Roles that it is meant for; those above them read it too. */
  readonly audience: readonly string[];
}

/** One version of what is at an address. */
export interface Version {
  /** At its latest, without query and fragment. */
  readonly address: Address;
  /** From 1, in the order that every node has once it has the same entries; a version that arrives late moves later ones. */
  readonly n: number;
  /** Versions there are. */
  readonly total: number;
  readonly entry: EntryId;
  /** Of the entry, on this node. */
  readonly cursor: number;
  readonly author: PeerId;
  readonly writtenAt: Hlc;
  /** The version that its author saw as the latest. */
  readonly previous: EntryId | undefined;
  /** Undefined in the version that says that the thing was deleted. */
  readonly content: VersionContent | undefined;
}

/** A version with its content in the clear. */
export interface OpenedVersion {
  readonly version: Version & { readonly content: VersionContent };
  readonly bytes: Uint8Array;
}

/** What is written. */
export interface PutInput {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** At least one role. */
  readonly audience: readonly string[];
  /** Write only over this: a revision, "none" (nothing there, or deleted) or "any" (something there). */
  readonly onlyOver?: string;
}

/** Past-tense facts, emitted synchronously. */
export interface ContextEvents {
  /** After the version can be read from the index. */
  "version:stored": { readonly version: Version };
}
