/**
 * A mesh of roles and keys in memory, for tests of whatever seals: real keys, real age files, no journal.
 *
 * @module
 */
import type { EntryId, PeerId, Random } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import {
  type AgeOpener,
  ageRecipientOfSecret,
  builtinLevel,
  createAgeOpener,
  createAgeSecret,
  peerIdFromPublicKey,
  type Role,
  type RoleDefinition,
  sealContent,
  signingKeyFromSeed,
} from "@bzzz/crypto";
import { RoleDirectory } from "./directory.ts";
import { Keyring } from "./keyring.ts";
import { type KeyHolder, type RoleKey, type RoleKeyEntry, RoleKeyLedger } from "./ledger.ts";
import type { EntryOrder } from "./order.ts";
import { entitledHolders, type KeyMember, keyRolesOf, planKeys } from "./plan.ts";
import { RoleSealer } from "./sealer.ts";

/** A member with everything it needs to seal and open. */
export interface TestRoleMember {
  readonly peer: PeerId;
  readonly role: Role;
  readonly self: AgeOpener;
  readonly ledger: RoleKeyLedger;
  readonly keyring: Keyring;
  readonly sealer: RoleSealer;
  /** How often opening was denied. */
  readonly denials: { count: number };
}

/** The mesh. Every member hears every entry at once. */
export class TestRoles {
  readonly directory = new RoleDirectory();
  readonly #random: Random;
  readonly #members = new Map<PeerId, { member: TestRoleMember; view: KeyMember }>();
  readonly #entries: RoleKeyEntry[] = [];
  #place = 0;

  constructor(options: { own?: readonly RoleDefinition[]; seed?: number } = {}) {
    this.#random = createSeededRandom(options.seed ?? 1);
    if (options.own) this.directory.add({ order: this.nextOrder(), author: peerOf(1), roles: options.own });
  }

  /** A member; the first should be an admin, who makes the keys. */
  async join(role: Role): Promise<TestRoleMember> {
    const secret = createAgeSecret(this.#random);
    const self = await createAgeOpener(secret);
    const peer = peerOf(this.#members.size + 1);
    const ledger = new RoleKeyLedger({ ownRecipient: self.recipient });
    for (const entry of this.#entries) ledger.add(entry);
    const keyring = new Keyring({ ledger, self });
    const denials = { count: 0 };
    const sealer = new RoleSealer({
      directory: this.directory,
      ledger,
      keyring,
      roster: () => this.roster(),
      ownRoles: () => keyRolesOf(this.#members.get(peer)?.view ?? { role, level: "read_only" }, ledger),
      onDenied: () => void denials.count++,
    });
    const member: TestRoleMember = { peer, role, self, ledger, keyring, sealer, denials };
    const level = builtinLevel(role) ?? this.directory.roles().levelOf(role) ?? "suggestion";
    const view: KeyMember = { peer, role, level, ageRecipient: self.recipient, status: "active" };
    this.#members.set(peer, { member, view });
    await this.carryOut();
    return member;
  }

  /** Changes what the roster says of a member, without doing anything about its keys. */
  mark(member: TestRoleMember, fields: Partial<KeyMember>): void {
    const known = this.#members.get(member.peer);
    if (known) known.view = { ...known.view, ...fields };
  }

  roster(): KeyMember[] {
    return [...this.#members.values()].map(({ view }) => view);
  }

  /** What the node of an admin does. */
  async carryOut(): Promise<void> {
    const admin = [...this.#members.values()].find(({ view }) => view.level === "master" && view.status === "active");
    if (!admin) return;
    const { ledger, keyring } = admin.member;
    const plan = planKeys({ ledger, roles: this.directory.roles(), roster: this.roster() });
    for (const role of [...plan.create, ...plan.rotate]) await this.rotate(role);
    for (const { key, to } of plan.deliver) {
      const secret = await keyring.secretOf(key);
      await this.#publish(key, secret, to);
    }
  }

  /** The next generation of a role's key. */
  async rotate(role: Role): Promise<RoleKey> {
    const [first] = this.#members.values();
    const secret = createAgeSecret(this.#random);
    const generation = (first?.member.ledger.current(role)?.generation ?? 0) + 1;
    const key = { role, generation, recipient: ageRecipientOfSecret(secret) };
    await this.#publish(key, secret, entitledHolders(role, this.roster()));
    return key;
  }

  /** Every entry so far. */
  entries(): readonly RoleKeyEntry[] {
    return this.#entries;
  }

  nextOrder(): EntryOrder {
    const id = (++this.#place).toString(16).padStart(64, "0") as EntryId; // 64 hexadecimal digits
    return { ms: this.#place, counter: 0, id };
  }

  async #publish(key: RoleKey, secret: Uint8Array, to: readonly KeyHolder[]): Promise<void> {
    const copies = await Promise.all(
      to.map(async (holder) => ({ ...holder, sealed: await sealContent([holder.to], secret) })),
    );
    const entry: RoleKeyEntry = { ...key, order: this.nextOrder(), copies };
    this.#entries.push(entry);
    for (const { member } of this.#members.values()) member.ledger.add(entry);
  }
}

function peerOf(seed: number): PeerId {
  return peerIdFromPublicKey(signingKeyFromSeed(createSeededRandom(seed).bytes(32)).publicKey);
}
