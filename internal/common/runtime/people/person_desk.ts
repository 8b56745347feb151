import { IdentityError } from "@bzzz/agentid";
import type { GlobalFlags, OpenPersonKey, ProgramHooks } from "@bzzz/cli";
import type { Clock, Random } from "@bzzz/base";
import type { KeyDesk } from "../key_desk.ts";
import { collectShares, type ShareSources } from "../recovery_shares.ts";
import { createPerson, exportPerson, openPerson, removePersonRoot, restorePerson } from "./person_sheet.ts";
import type { BinaryProfile } from "../profiles.ts";

/** What the desk stands on. */
export interface PersonDeskDeps extends Omit<ShareSources, "file"> {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyDesk;
  readonly homeOf: (globals: GlobalFlags) => string;
  /** @throws RuntimeError "instance_running" */
  readonly assertStopped: (home: string, what: string) => Promise<void>;
}

/** What is done with the keys of a portal's person in its files: made, used, put on paper, and back. */
export class PersonDesk {
  readonly #deps: PersonDeskDeps;

  constructor(deps: PersonDeskDeps) {
    this.#deps = deps;
  }

  async withKey<T>(globals: GlobalFlags, work: (keys: OpenPersonKey) => Promise<T>): Promise<T> {
    const home = this.#portalHome(globals);
    const { key, certificate } = await openPerson(home, await this.#deps.keys.personLock(globals, home));
    return await work({ home, key, certificate, random: this.#deps.random });
  }

  async create(globals: GlobalFlags): ReturnType<ProgramHooks["createPerson"]> {
    const home = this.#portalHome(globals);
    const lock = await this.#deps.keys.personLock(globals, home);
    const { words, isLocked } = await createPerson(this.#deps, { home, lock });
    return { words, is_locked: isLocked };
  }

  async export(
    { globals, shares, threshold, isRemoved }: Parameters<ProgramHooks["exportPerson"]>[0],
  ): ReturnType<ProgramHooks["exportPerson"]> {
    const home = this.#portalHome(globals);
    const lock = await this.#deps.keys.personLock(globals, home);
    const sheet = await exportPerson({ home, lock, shares, threshold });
    if (isRemoved) await removePersonRoot(home);
    return sheet;
  }

  async restore(
    { globals, sharesFile }: Parameters<ProgramHooks["restorePerson"]>[0],
  ): ReturnType<ProgramHooks["restorePerson"]> {
    const home = this.#portalHome(globals);
    await this.#deps.assertStopped(home, "restore your key");
    const shares = await collectShares({ ...this.#deps, file: sharesFile });
    const lock = await this.#deps.keys.personLock(globals, home);
    return await restorePerson(this.#deps, { home, shares, lock });
  }

  /** @throws IdentityError "person_missing" for a program that has no person */
  #portalHome(globals: GlobalFlags): string {
    const { program, binaryType } = this.#deps.profile;
    if (binaryType === "hap") return this.#deps.homeOf(globals);
    throw new IdentityError(
      "person_missing",
      `Cannot use the keys of a person: ${program} has none; they are a portal's, use bzzz-hap`,
    );
  }
}
