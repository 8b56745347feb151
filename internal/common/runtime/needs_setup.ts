import { shellWord } from "@bzzz/cli";
import { type BinaryType, IdentityError, loadMesh } from "@bzzz/agentid";

/** Whether a data directory belongs to no mesh yet (specification section 4). @throws IdentityError for one that is damaged */
export async function needsSetup(home: string): Promise<boolean> {
  return await loadMesh(home) === undefined;
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
