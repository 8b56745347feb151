import type { PeerId } from "@bzzz/base";
import type { ContextSearch, ContextStore, DecisionDesk, VersionIndex } from "@bzzz/context";

/** Who holds sealed contents in the mesh. */
export interface ContentProviders {
  /** Tells the mesh that this node holds the content of that hash; how many were told. @throws BzzzError "content_unavailable" */
  announce(hash: string, options: { readonly signal?: AbortSignal }): Promise<number>;
  /** Nodes that hold it, this one first, at most `limit`. */
  find(hash: string, options: { readonly limit: number; readonly signal?: AbortSignal }): Promise<readonly PeerId[]>;
}

/** The part of a node that the context server shows. */
export interface ContextBackend {
  readonly context: ContextStore;
  readonly index: VersionIndex;
  readonly search: ContextSearch;
  readonly providers: ContentProviders;
  /** Name and role of a member, when its grant is known. */
  readonly authorOf: (peer: PeerId) => { readonly agentId: string; readonly role: string } | undefined;
  /** The binary form of a sealed file that a caller brings. @throws BzzzError "malformed", "too_large" */
  readonly readSealedFile: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly decisions: DecisionDesk;
  /** Who writes here, and for which role when a caller names nobody; `mesh` as a name of an address. */
  readonly self: () => { readonly agentId: string; readonly role: string; readonly mesh: string };
  /**
   * Whom a proposal is meant for, `audience` or all who may vote, and how many members that is now: those that may vote and
   * can read it.
   */
  readonly electorate: (audience?: readonly string[]) => {
    readonly audience: readonly string[];
    readonly members: number;
  };
}
