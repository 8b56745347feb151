import type { PeerId } from "@bzzz/base";
import { type RoleDefinition, RoleSet } from "@bzzz/crypto";
import { compareOrder, type EntryOrder } from "./order.ts";

/** The roles a master has defined, in one entry. */
export interface RolesEntry {
  readonly order: EntryOrder;
  readonly author: PeerId;
  readonly roles: readonly RoleDefinition[];
}

/** The roles of the mesh: the built-in ones, and those of the latest definition, on every node the same. */
export class RoleDirectory {
  #latest: RolesEntry | undefined;
  #roles = new RoleSet();

  /** Takes a definition in any order; whether it is the latest now. */
  add(entry: RolesEntry): boolean {
    if (this.#latest && compareOrder(entry.order, this.#latest.order) <= 0) return false;
    this.#latest = entry;
    this.#roles = new RoleSet(entry.roles);
    return true;
  }

  roles(): RoleSet {
    return this.#roles;
  }

  /** Who defined the mesh's own roles, and when; undefined while there are only the built-in ones. */
  definition(): { readonly author: PeerId; readonly atMs: number } | undefined {
    return this.#latest && { author: this.#latest.author, atMs: this.#latest.order.ms };
  }
}
