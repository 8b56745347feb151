/**
 * A data directory to be saved and restored.
 *
 * @module
 */
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { requireAgentId } from "../../agent_name.ts";
import { AGENT_PROFILE } from "../../profiles.ts";
import { foundMesh } from "../../setup.ts";
import type { Manifest } from "../manifest.ts";
import { type RestoredNode, restoreSnapshot } from "../restore.ts";
import { saveSnapshot } from "../save.ts";

/** What saving and restoring stand on. */
export const deps = {
  clock: createSystemClock(),
  random: createSystemRandom(),
  logger: createNullLogger(),
  profile: AGENT_PROFILE,
  version: "0.0.0",
  program: AGENT_PROFILE.program,
};
/** Never aborts. */
export const { signal } = new AbortController();

/** A folder with the data directory "node" of a mesh's founder, and a place for its snapshot. */
export class Fixture implements AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly saved: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = `${folder}/node`;
    this.saved = `${folder}/saved`;
  }

  static async create(): Promise<Fixture> {
    const fixture = new Fixture(await Deno.makeTempDir({ prefix: "bzzz-snapshot-" }));
    const { home } = fixture;
    await foundMesh(deps, { home, meshName: "den", agentId: requireAgentId("basil"), isRootKeyKept: true });
    await Deno.mkdir(`${home}/content/3f`, { recursive: true });
    await Deno.writeTextFile(`${home}/content/3f/3f00`, "sealed");
    await Deno.mkdir(`${home}/run`);
    await Deno.writeTextFile(`${home}/run/api.token`, "secret of one run");
    return fixture;
  }

  async save(folder = this.saved): Promise<Manifest> {
    return (await saveSnapshot(deps, { home: this.home, folder, signal })).manifest;
  }

  restore(options: { home?: string; isForced?: boolean; program?: string } = {}): Promise<RestoredNode> {
    const { home = `${this.folder}/again`, isForced = false, program = AGENT_PROFILE.program } = options;
    return restoreSnapshot(deps, {
      home,
      folder: this.saved,
      program,
      isForced,
      signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
