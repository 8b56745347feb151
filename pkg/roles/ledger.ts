import type { PeerId } from "@bzzz/base";
import type { Role } from "@bzzz/crypto";
import { compareOrder, type EntryOrder } from "./order.ts";

/** One generation of a role's key: the public half of an age identity. */
export interface RoleKey {
  readonly role: Role;
  readonly generation: number;
  /** "age1…" */
  readonly recipient: string;
}

/** To whom a copy of a key was sealed: a member, by the recipient its grant had then. */
export interface KeyHolder {
  readonly peer: PeerId;
  /** "age1…" */
  readonly to: string;
}

/** An entry that made a key known, or handed further copies of it out. */
export interface RoleKeyEntry extends RoleKey {
  readonly order: EntryOrder;
  readonly copies: readonly (KeyHolder & { readonly sealed: Uint8Array })[];
}

interface Record extends RoleKey {
  /** Place of the first entry about it. */
  order: EntryOrder;
  readonly holders: Map<string, KeyHolder>;
  /** The copy for this node. */
  ownCopy: Uint8Array | undefined;
}

/** Generations of one role that are remembered; beyond, a master gone mad would fill the memory. */
const MAX_KEYS_PER_ROLE = 4096;
/** Roles with keys: more than a mesh can define. */
const MAX_ROLES = 1024;
/** Holders of one key: more than a mesh can have members. */
const MAX_HOLDERS = 32_768;

/**
 * Which keys every role has had, and who was given each. A fold: the same entries give the same answer in any order. The
 * secrets stay sealed; only the copy for this node is kept.
 */
export class RoleKeyLedger {
  readonly #ownRecipient: string;
  readonly #byRole = new Map<Role, Map<string, Record>>();

  /** @param options.ownRecipient what copies for this node are sealed to */
  constructor(options: { ownRecipient: string }) {
    this.#ownRecipient = options.ownRecipient;
  }

  /** Takes an entry. Over the bounds it is left out. */
  add(entry: RoleKeyEntry): void {
    const record = this.#record(entry);
    if (!record) return;
    if (compareOrder(entry.order, record.order) < 0) record.order = entry.order;
    for (const { peer, to, sealed } of entry.copies) {
      if (record.holders.size >= MAX_HOLDERS) break;
      record.holders.set(`${peer} ${to}`, { peer, to });
      if (to === this.#ownRecipient) record.ownCopy ??= sealed;
    }
  }

  /** The key new content is sealed to: of the highest generation, and of two that masters made at once the first. */
  current(role: Role): RoleKey | undefined {
    return this.keys(role)[0];
  }

  /** All keys of a role, the current one first, then from new to old. */
  keys(role: Role): RoleKey[] {
    return this.#records(role).map(({ role, generation, recipient }) => ({ role, generation, recipient }));
  }

  /** Roles that have or had a key. */
  roles(): Role[] {
    return [...this.#byRole.keys()].sort();
  }

  /** Who was given a key. */
  holdersOf(key: RoleKey): KeyHolder[] {
    return [...this.#find(key)?.holders.values() ?? []];
  }

  isHeldBy(key: RoleKey, holder: KeyHolder): boolean {
    return this.#find(key)?.holders.has(`${holder.peer} ${holder.to}`) ?? false;
  }

  /** The copy sealed to this node, or undefined when it was given none. */
  ownCopy(key: RoleKey): Uint8Array | undefined {
    return this.#find(key)?.ownCopy;
  }

  #find(key: RoleKey): Record | undefined {
    return this.#byRole.get(key.role)?.get(nameOf(key));
  }

  #records(role: Role): Record[] {
    return [...this.#byRole.get(role)?.values() ?? []]
      .sort((a, b) => b.generation - a.generation || compareOrder(a.order, b.order));
  }

  #record(entry: RoleKeyEntry): Record | undefined {
    let keys = this.#byRole.get(entry.role);
    if (!keys) {
      if (this.#byRole.size >= MAX_ROLES) return undefined;
      keys = new Map();
      this.#byRole.set(entry.role, keys);
    }
    const known = keys.get(nameOf(entry));
    if (known) return known;
    if (keys.size >= MAX_KEYS_PER_ROLE) return undefined;
    const { role, generation, recipient, order } = entry;
    const record: Record = { role, generation, recipient, order, holders: new Map(), ownCopy: undefined };
    keys.set(nameOf(entry), record);
    return record;
  }
}

function nameOf(key: RoleKey): string {
  return `${key.generation} ${key.recipient}`;
}
