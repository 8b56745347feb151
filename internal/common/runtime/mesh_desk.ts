import { type PersonFiles, personWords } from "@bzzz/agentid";
import type { Clock, Random } from "@bzzz/base";
import type {
  GlobalFlags,
  InitOptions,
  InitResult,
  InviteOptions,
  JoinOptions,
  JoinResult,
  ProgramHooks,
  RecoverResult,
} from "@bzzz/cli";
import { defaultAgentId, requireAgentId } from "./agent_name.ts";
import type { KeyDesk } from "./key_desk.ts";
import { exportPerson } from "./people/person_sheet.ts";
import type { BinaryProfile } from "./profiles.ts";
import { collectShares, DEFAULT_RECOVERY, type ShareSources } from "./recovery_shares.ts";
import type { Workplace } from "./workplace.ts";

/** What the desk stands on. */
export interface MeshDeskDeps extends Omit<ShareSources, "file"> {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyDesk;
  readonly place: Workplace;
}

/** A data directory's place in a mesh while no node runs on it: the mesh is founded, joined, left, or its root key put together again. */
export class MeshDesk {
  readonly #deps: MeshDeskDeps;

  constructor(deps: MeshDeskDeps) {
    this.#deps = deps;
  }

  async init(options: InitOptions): Promise<InitResult> {
    const { profile, random, keys, place } = this.#deps;
    const home = place.homeOf(options.globals);
    const { forgetMesh, foundMesh } = await place.loadNodeParts();
    if (options.isForced) await place.assertStopped(home, "init").then(() => forgetMesh(home));
    const passphrase = await keys.passphraseForSetup(options, home);
    const personPassphrase = await keys.personPassphrase(options, passphrase);
    const founded = await foundMesh(place.setupDeps(options.globals), {
      home,
      personPassphrase,
      personShares: options.personShares,
      meshName: options.meshName ?? "bzzz",
      agentId: options.agentId === undefined ? defaultAgentId(profile, random) : requireAgentId(options.agentId),
      isRootKeyKept: options.isRootKeyKept,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(options.shares === undefined ? {} : { shares: options.shares }),
      ...(options.threshold === undefined ? {} : { threshold: options.threshold }),
    });
    return {
      mesh_id: founded.mesh.meshId,
      mesh_name: founded.mesh.name,
      agent_id: founded.agentId,
      peer_id: founded.keys.peerId,
      home,
      config_path: founded.configPath,
      ...personFacts(founded.person, true),
      ...await sheetOf(options, home, { person: founded.person, personPassphrase }),
      recovery_shares: founded.recoveryShares,
      recovery_threshold: options.threshold ?? DEFAULT_RECOVERY.threshold,
    };
  }

  async invite(options: InviteOptions): ReturnType<ProgramHooks["invite"]> {
    const { clock, random, profile, keys, place } = this.#deps;
    const home = place.homeOf(options.globals);
    const { config } = await place.load(options.globals, home);
    const { inviteOffline } = await place.loadNodeParts();
    return await inviteOffline({ clock, random, profile, logger: place.loggerOf(options.globals) }, {
      ...options,
      home,
      config,
      passphrase: await keys.passphrase(options.globals, home, config),
    });
  }

  async join(token: string, options: JoinOptions): Promise<JoinResult> {
    const { profile, random, keys, place } = this.#deps;
    const home = place.homeOf(options.globals);
    const { forgetMesh, joinWithToken } = await place.loadNodeParts();
    if (options.isForced) await place.assertStopped(home, "join").then(() => forgetMesh(home));
    const agentId = options.agentId === undefined ? defaultAgentId(profile, random) : requireAgentId(options.agentId);
    const passphrase = await keys.passphraseForSetup(options, home);
    const personPassphrase = await keys.personPassphrase(options, passphrase);
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    const joined = await joinWithToken(place.setupDeps(options.globals), {
      home,
      token,
      agentId,
      signal,
      personPassphrase,
      personShares: options.personShares,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    return {
      mesh_id: joined.mesh.meshId,
      mesh_name: joined.mesh.name,
      agent_id: joined.agentId,
      peer_id: joined.keys.peerId,
      role: joined.role,
      home,
      ...personFacts(joined.person, joined.isPersonAdmitted),
      ...await sheetOf(options, home, { person: joined.person, personPassphrase }),
    };
  }

  async leave(globals: GlobalFlags): ReturnType<ProgramHooks["leave"]> {
    const { place } = this.#deps;
    const home = place.homeOf(globals);
    await place.assertStopped(home, "leave");
    const { forgetMesh } = await place.loadNodeParts();
    await forgetMesh(home);
    return { home };
  }

  async recoverRoot(
    { globals, sharesFile }: Parameters<ProgramHooks["recoverRoot"]>[0],
  ): Promise<RecoverResult> {
    const { keys, place } = this.#deps;
    const home = place.homeOf(globals);
    await place.assertStopped(home, "recover the root key");
    const passphrase = await keys.passphrase(globals, home);
    const shares = await collectShares({ ...this.#deps, file: sharesFile });
    const { recoverRoot } = await place.loadNodeParts();
    const { mesh, grant } = await recoverRoot(place.setupDeps(globals), { home, shares, passphrase });
    return {
      mesh_id: mesh.meshId,
      mesh_name: mesh.name,
      agent_id: grant.agentId,
      peer_id: grant.peer,
      valid_until_ms: grant.notAfterMs,
    };
  }
}

function personFacts(person: PersonFiles | undefined, isAdmitted: boolean): Pick<JoinResult, "person"> {
  if (!person) return {};
  const { certificate, isLocked } = person;
  return { person: { words: personWords(certificate.person), is_locked: isLocked, is_admitted: isAdmitted } };
}

/** The recovery sheet of a person who was made or found just now, where it was asked for. */
async function sheetOf(
  { hasSheet }: Pick<JoinOptions, "hasSheet">,
  home: string,
  { person, personPassphrase }: {
    readonly person: PersonFiles | undefined;
    readonly personPassphrase: string | undefined;
  },
): Promise<Pick<JoinResult, "person_sheet">> {
  if (!hasSheet || !person?.hasRoot) return {};
  const lock = personPassphrase === undefined ? {} : { passphrase: personPassphrase };
  return { person_sheet: await exportPerson({ home, lock, shares: undefined, threshold: undefined }) };
}
