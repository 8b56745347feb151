import { type KeyLocation, lockKeyFiles, unlockKeyFiles } from "@bzzz/agentid";
import type { Clock, Random } from "@bzzz/base";
import type { GlobalFlags, InitOptions, KeysChanged, KeysView } from "@bzzz/cli";
import type { Config } from "@bzzz/config";
import {
  assertGoodPassphrase,
  newPassphrase,
  optionalPassphrase,
  PassphraseError,
  passphraseFileIn,
  passphraseOf,
  type PassphraseSources,
  readPassphrase,
} from "./passphrase.ts";
import { isPersonLocked } from "./people/person_sheet.ts";
import type { BinaryProfile } from "./profiles.ts";
import { showKeys } from "./show_keys.ts";

/** What the desk stands on. */
export interface KeyDeskDeps extends Omit<PassphraseSources, "file" | "clock"> {
  readonly profile: BinaryProfile;
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Random;
  /** The configuration of a data directory, for the file that it names. */
  readonly load: (globals: GlobalFlags, home: string) => Promise<Config>;
}

/** The locks of this program's keys: shown, put on, taken off, and opened for whoever needs the keys. */
export class KeyDesk {
  readonly #deps: KeyDeskDeps;

  constructor(deps: KeyDeskDeps) {
    this.#deps = deps;
  }

  async show(home: string): Promise<KeysView> {
    return await showKeys(this.#location(home));
  }

  async lock(globals: GlobalFlags, home: string): Promise<KeysChanged> {
    const passphrase = await newPassphrase(this.#sources(globals));
    return { changed: await lockKeyFiles(this.#location(home), this.#deps, { passphrase }) };
  }

  async unlock(globals: GlobalFlags, home: string): Promise<KeysChanged> {
    const passphrase = await this.passphrase(globals, home);
    if (passphrase === undefined) return { changed: 0 };
    return { changed: await unlockKeyFiles(this.#location(home), this.#deps, { passphrase }) };
  }

  /** Of the keys in `home`; undefined when they are not locked. A configuration that cannot be read is no obstacle here. */
  async passphrase(globals: GlobalFlags, home: string, config?: Config): Promise<string | undefined> {
    const known = config ?? await this.#deps.load(globals, home).catch(() => undefined);
    const path = known?.identity.passphraseFile;
    const file = path === undefined ? undefined : passphraseFileIn(home, path);
    return await passphraseOf(this.#location(home), this.#sources(globals, file));
  }

  /** For keys that are about to be made, or that an attempt before this one has made. */
  async passphraseForSetup(
    { globals, isLocked, typed }: Pick<InitOptions, "globals" | "isLocked" | "typed">,
    home: string,
  ): Promise<string | undefined> {
    if (typed && globals.passphraseFile === undefined) return given(typed.node);
    const isWanted = isLocked || globals.passphraseFile !== undefined;
    return isWanted ? await newPassphrase(this.#sources(globals)) : await this.passphrase(globals, home);
  }

  /** For the keys of a portal's person: the node's passphrase where there is one, else one of their own. An agent has none. */
  async personPassphrase(
    { globals, typed }: Pick<InitOptions, "globals" | "typed">,
    passphrase: string | undefined,
  ): Promise<string | undefined> {
    if (this.#deps.profile.binaryType !== "hap") return undefined;
    if (typed && globals.passphraseFile === undefined) return passphrase ?? given(typed.person);
    return passphrase ?? await optionalPassphrase(this.#sources(globals));
  }

  /** The first line of --passphrase-file. @throws PassphraseError */
  async read(globals: GlobalFlags): Promise<string> {
    return await readPassphrase(globals.passphraseFile ?? "-", this.#sources(globals));
  }

  /** What opens the person's keys, or locks new ones. @throws PassphraseError */
  async personLock(globals: GlobalFlags, home: string): Promise<{ readonly passphrase?: string }> {
    const isLocked = await isPersonLocked(home);
    if (isLocked === undefined) {
      const passphrase = await this.personPassphrase({ globals }, undefined);
      return passphrase === undefined ? {} : { passphrase };
    }
    if (!isLocked) return {};
    if (globals.passphraseFile !== undefined) return { passphrase: await this.read(globals) };
    const passphrase = await this.#deps.askSecret?.("Passphrase of your key: ");
    if (passphrase !== undefined) return { passphrase };
    throw new PassphraseError("cancelled", "Cannot open your key: no passphrase was given");
  }

  #location(home: string): KeyLocation {
    return { home, binaryType: this.#deps.profile.binaryType };
  }

  #sources(globals: GlobalFlags, file?: string): PassphraseSources {
    return { ...this.#deps, file: globals.passphraseFile ?? file };
  }
}

/** @throws PassphraseError when it is too short */
function given(passphrase: string | undefined): string | undefined {
  return passphrase === undefined ? undefined : assertGoodPassphrase(passphrase);
}
