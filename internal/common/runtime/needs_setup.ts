import { shellWord } from "@bzzz/cli";
import { type BinaryType, IdentityError, meshPaths } from "@bzzz/agentid";
import { isThere } from "./home.ts";

/**
 * Whether a data directory belongs to no mesh yet (specification section 4). `mesh.json` comes last, so that where it is the
 * rest is; whether all of it is sound is for who reads it. @throws HomeError
 */
export async function needsSetup(home: string): Promise<boolean> {
  return !await isThere(meshPaths(home).mesh);
}

/** What is said to who wants to run a node that needs a setup. */
export function setupNeeded(home: string, binaryType: BinaryType): IdentityError {
  const program = `bzzz-${binaryType}`;
  const flag = `--home ${shellWord(home)}`;
  return new IdentityError(
    "mesh_missing",
    `Cannot run: "${home}" belongs to no mesh; set it up with "${program} setup ${flag}" (on a page with --page), ` +
      `create a mesh with "${program} init ${flag}", join one with "${program} join TOKEN ${flag}", or try ` +
      `it with "${program} run --dev"`,
    { details: { home } },
  );
}
