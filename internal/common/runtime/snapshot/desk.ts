import type { GlobalFlags, RestoreView, SavedView, SnapshotHooks, SnapshotView } from "@bzzz/cli";
import { type Clock, errorMessage } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { HomeError } from "../home_error.ts";
import type { BinaryProfile } from "../profiles.ts";
import { type Manifest, SnapshotError } from "./manifest.ts";

/** Snapshots of the data directory, for the command line. What opens a database is loaded when it is asked for. */
export class SnapshotDesk implements SnapshotHooks {
  readonly #deps: {
    readonly clock: Clock;
    readonly profile: BinaryProfile;
    readonly version: string;
    readonly homeOf: (globals: GlobalFlags) => string;
    readonly loggerOf: (globals: GlobalFlags) => Logger;
  };

  constructor(deps: {
    readonly clock: Clock;
    readonly profile: BinaryProfile;
    readonly version: string;
    readonly homeOf: (globals: GlobalFlags) => string;
    readonly loggerOf: (globals: GlobalFlags) => Logger;
  }) {
    this.#deps = deps;
  }

  async save(options: Parameters<SnapshotHooks["save"]>[0]): Promise<SavedView> {
    const { clock, profile, version, homeOf } = this.#deps;
    const { folder, signal } = options;
    const home = homeOf(options.globals);
    const { saveSnapshot } = await import("./save.ts");
    const { manifest, links } = await named(
      `save into "${folder}"`,
      () => saveSnapshot({ clock, version, program: profile.program }, { home, folder, signal }),
    );
    return { ...viewOf(manifest, folder), links };
  }

  async restore(options: Parameters<SnapshotHooks["restore"]>[0]): Promise<RestoreView> {
    const { clock, profile, homeOf, loggerOf } = this.#deps;
    const { folder, isForced, signal, globals } = options;
    const home = homeOf(globals);
    const { restoreSnapshot } = await import("./restore.ts");
    const { manifest, asksPeers, vote } = await named(
      `restore "${folder}"`,
      () =>
        restoreSnapshot({ clock, profile, logger: loggerOf(globals) }, {
          home,
          folder,
          program: profile.program,
          isForced,
          signal,
        }),
    );
    return { ...viewOf(manifest, folder), home, asks_peers: asksPeers, vote };
  }
}

function viewOf(manifest: Manifest, folder: string): SnapshotView {
  const { mesh_name, mesh_id, agent_id, peer_id, taken_at_ms, files } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { folder, mesh_name, mesh_id, agent_id, peer_id, taken_at_ms, files: files.length, bytes };
}

/** What the file system refuses is told with what was to be done. @throws SnapshotError "snapshot_unwritable" */
async function named<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const error = thrown instanceof HomeError ? thrown.cause : thrown;
    const isRefused = error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied;
    const isFull = error instanceof Error && "code" in error &&
      ["ENOSPC", "EDQUOT", "EROFS"].includes(String(error.code));
    if (!isRefused && !isFull) throw thrown;
    const why = error instanceof Deno.errors.NotCapable
      ? "this program has no permission for that place"
      : errorMessage(error);
    throw new SnapshotError("snapshot_unwritable", `Cannot ${what}: ${why}`, { cause: error });
  }
}
