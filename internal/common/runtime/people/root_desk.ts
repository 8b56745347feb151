import {
  certifyHere,
  loadApprovalKey,
  loadNextRoot,
  MAX_PERSON_ITEMS,
  personIdOf,
  revokeDevice,
  saveNextRoot,
  succeedRoot,
  takeNextRoot,
} from "@bzzz/agentid";
import { type Bytes, type Clock, type MeshId, type PeerId, type Random, SerialQueue } from "@bzzz/base";
import { createSigningKey, type SigningKey } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import { TOPICS } from "@bzzz/wire";
import type { People } from "./people.ts";
import type { PersonKeys } from "./person_keys.ts";

/** What the desk stands on. */
export interface RootDeskDeps {
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
  readonly journal: Pick<Journal, "append" | "vector">;
  readonly people: Pick<People, "book">;
  readonly person: PersonKeys;
}

/** Where this node is. */
export interface RootDeskPlace {
  readonly home: string;
  readonly mesh: MeshId;
  readonly self: PeerId;
}

type Passphrase = string | undefined;

/** What a person's root key does: certifies, revokes and is replaced. One thing at a time; each takes the passphrase. */
export class RootDesk {
  readonly #deps: RootDeskDeps;
  readonly #place: RootDeskPlace;
  readonly #work = new SerialQueue({ capacity: 8 });

  constructor(deps: RootDeskDeps, place: RootDeskPlace) {
    this.#deps = deps;
    this.#place = place;
  }

  /** Certifies this device anew; told to the mesh when it resolves. @throws as `PersonKeys.withRoot` */
  async renew(passphrase: Passphrase): Promise<void> {
    const { person } = this.#deps;
    await this.#work.run(() => person.withRoot(passphrase, (root, lock) => this.#certify(root, lock)));
  }

  /** Ends a device; in the journal when it resolves. @throws as `PersonKeys.withRoot` */
  async revoke(peer: PeerId, reason: string, passphrase: Passphrase): Promise<void> {
    const { person, journal, clock } = this.#deps;
    await this.#work.run(() =>
      person.withRoot(passphrase, async (root) => {
        const lastSeq = journal.vector().get(peer)?.seq ?? 0;
        const fields = { mesh: this.#place.mesh, peer, lastSeq, reason, issuedAtMs: clock.nowMs() };
        await this.#tell(revokeDevice(root, fields).bytes);
      })
    );
  }

  /**
   * Replaces the root key and certifies this device with the new one. The new key is on disk before anybody hears of it; a
   * rotation that was cut off goes on with it.
   * @throws as `PersonKeys.withRoot`
   */
  async rotate(passphrase: Passphrase): Promise<void> {
    const { person, people, journal, clock, random } = this.#deps;
    const { home, mesh } = this.#place;
    await this.#work.run(() =>
      person.withRoot(passphrase, async (root, lock) => {
        const begun = await loadNextRoot(home, lock);
        const next = begun ?? createSigningKey(random);
        if (!begun) await saveNextRoot(home, next, { random }, lock);
        const from = personIdOf(root);
        if (people.book.currentRoot(from) === from) {
          const heads = journal.vector();
          const kept = people.book.devicesOf(from).slice(0, MAX_PERSON_ITEMS)
            .map(({ peer }) => ({ peer, lastSeq: heads.get(peer)?.seq ?? 0 }));
          await this.#tell(succeedRoot(root, next, { mesh, kept, issuedAtMs: clock.nowMs() }).bytes);
        }
        await takeNextRoot(home);
        await this.#certify(next, lock);
      })
    );
  }

  async #certify(root: SigningKey, lock: { readonly passphrase?: string }): Promise<void> {
    const { clock, random, person } = this.#deps;
    const { home, mesh, self: peer } = this.#place;
    const approval = await loadApprovalKey(home, lock);
    await certifyHere(home, root, approval, { mesh, peer, nowMs: clock.nowMs() }, { random });
    await person.announce();
  }

  async #tell(record: Bytes): Promise<void> {
    await this.#deps.journal.append({ kind: "person_record", topic: TOPICS.agents, body: { record } });
  }
}
