import { issueGrant, issueRevocation, type Membership, type PersonId, type SignedGrant } from "@bzzz/agentid";
import { abortable, type Clock, type PeerId, type Random, TaskGroup } from "@bzzz/base";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import type { Store } from "@bzzz/store";
import { TOPICS } from "@bzzz/wire";
import type { LocalIdentity } from "./agent.ts";
import { MembershipStore } from "./membership_store.ts";
import { Newcomers } from "./newcomers.ts";
import { OwnStanding } from "./own_standing.ts";
import { asAsked, TrustError } from "./trust_error.ts";

/** A grant of this node that no entry tells the mesh of yet. */
const UNPUBLISHED_KEY = "trust/unpublished";

/** Keeps a grant that was signed while no node ran until `TrustService.publishPending` has told the mesh of it. */
export function rememberToPublish(store: Pick<Store, "kv">, grant: Uint8Array): void {
  store.kv.set(UNPUBLISHED_KEY, grant);
}

/** What the service consumes. */
export interface TrustDeps {
  readonly local: LocalIdentity;
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Keeps the roster on disk and in the journal: what is learned is stored, what this node decides is signed and published.
 */
export class TrustService {
  /** What this node may do in it. */
  readonly standing: OwnStanding;
  /** Who is let in. */
  readonly newcomers: Newcomers;
  readonly #deps: TrustDeps;
  readonly #membership: Membership;
  readonly #stopped = new AbortController();
  readonly #records: MembershipStore;
  readonly #tasks: TaskGroup;

  constructor(deps: TrustDeps) {
    this.#deps = deps;
    this.#membership = deps.local.membership;
    this.#tasks = new TaskGroup((error, what) => {
      if (!this.#stopped.signal.aborted) deps.logger.warn("A task of the roster failed", { what }, error);
    });
    this.standing = new OwnStanding(deps);
    this.newcomers = new Newcomers({
      ...deps,
      kv: deps.store.kv,
      standing: this.standing,
      publish: (signed) => this.#publish(signed),
    });
    this.#records = new MembershipStore({ ...deps, membership: this.#membership });
    const signal = this.#stopped.signal;
    this.#membership.on("record:accepted", (record) => this.#records.persist(record), { signal });
    deps.journal.events.on("entry:stored", ({ entry }) => this.#learn(entry), { signal });
  }

  /** Resolves when nothing that it began runs any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#tasks.settled();
  }

  /**
   * Says whose portal a member is, with a new grant that changes nothing else; on disk and signed when it resolves.
   * @throws TrustError "not_allowed", "not_found", "invalid_request" for what is no portal
   */
  async admitPerson(peer: PeerId, person: PersonId): Promise<void> {
    const issuer = this.standing.assertMaster("admit a person");
    const { local, clock } = this.#deps;
    const known = this.#membership.grantOf(peer, clock.nowMs());
    if (!known) throw new TrustError("not_found", `Cannot admit the person of ${peer}: it has no standing grant`);
    if (known.binaryType !== "hap") {
      throw new TrustError("invalid_request", `Cannot admit the person of "${known.agentId}": it is no portal`);
    }
    const signed = asAsked(() =>
      issueGrant({ key: local.keys.signingKey, grant: issuer }, {
        mesh: local.mesh.meshId,
        peer,
        agentId: known.agentId,
        binaryType: known.binaryType,
        role: known.role,
        level: known.level,
        ageRecipient: known.ageRecipient,
        // the newest grant counts, also over one that was dated ahead
        issuedAtMs: Math.max(clock.nowMs(), known.issuedAtMs + 1),
        notBeforeMs: clock.nowMs(),
        ttlMs: known.notAfterMs - clock.nowMs(),
        person,
      })
    );
    await this.#publish(signed);
  }

  /** Tells the mesh of a grant this node signed. It counts from its entry on, here as everywhere. */
  async #publish(signed: SignedGrant): Promise<void> {
    await this.#deps.journal.append({ kind: "grant_issued", topic: TOPICS.agents, body: { grant: signed.bytes } });
  }

  /** Tells the mesh of a grant that was signed while no node ran. What fails now is tried at the next start. */
  publishPending(): void {
    const bytes = this.#deps.store.kv.get(UNPUBLISHED_KEY);
    if (!bytes) return;
    this.#tasks.run("publish a grant", async () => {
      const body = { grant: bytes.slice() };
      const told = this.#deps.journal.append({ kind: "grant_issued", topic: TOPICS.agents, body });
      // stopped in between: it is told once more at the next start, which changes nothing
      await abortable(told, this.#stopped.signal);
      this.#deps.store.kv.delete(UNPUBLISHED_KEY);
    });
  }

  /**
   * Ends a membership; on disk and signed when it resolves.
   * @throws TrustError "not_allowed", "not_found", "already_revoked", "invalid_request"
   */
  async revoke(peer: PeerId, reason: string): Promise<void> {
    const issuer = this.standing.assertMaster("revoke a member");
    const { local, journal, clock } = this.#deps;
    if (peer === local.identity.peerId) {
      throw new TrustError("invalid_request", "Cannot revoke this node itself: let another admin do it, or leave");
    }
    const lastSeq = journal.vector().get(peer)?.seq ?? 0;
    const plan = this.#membership.planRevocation(peer, { reason, lastSeq, nowMs: clock.nowMs() });
    if (!plan) throw new TrustError("already_revoked", `Cannot revoke ${peer}: it has no standing grant`);
    const signed = issueRevocation({ key: local.keys.signingKey, grant: issuer }, plan);
    await journal.append({ kind: "grant_revoked", topic: TOPICS.agents, body: { revocation: signed.bytes } });
  }

  #learn(entry: StoredEntry): void {
    this.#records.catchUp();
    const result = entry.kind === "grant_issued"
      ? this.#membership.addGrant(entry.body.grant)
      : entry.kind === "grant_revoked"
      ? this.#membership.addRevocation(entry.body.revocation)
      : undefined;
    if (result?.status === "rejected") {
      this.#deps.logger.warn("A master published a record that cannot count", {
        author: entry.envelope.header.author,
        reason: result.reason,
      });
    }
  }
}
