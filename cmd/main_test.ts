// What a program loads before it knows what it is to do: each verb and each view pays for it in time and memory.
import assert from "node:assert/strict";

interface ModuleGraph {
  readonly roots: readonly string[];
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** Everything that is loaded with a module, without what it asks for later, and by which of our modules. */
async function loadedWith(entry: URL): Promise<Map<string, string>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry.pathname],
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const graph = JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const found = new Map(graph.roots.map((root) => [root, ""]));
  for (const specifier of found.keys()) {
    for (const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []) {
      if (code?.specifier === undefined || isDynamic || found.has(code.specifier)) continue;
      found.set(code.specifier, specifier);
    }
  }
  return found;
}

for (const program of ["agent", "hap"]) {
  Deno.test(`bzzz-${program}: what a node stands on is loaded where one runs`, async () => {
    const loaded = await loadedWith(new URL(`./${program}/main.ts`, import.meta.url));

    assert.ok(
      [...loaded.keys()].some((specifier) => specifier.endsWith("/internal/common/cli/mod.ts")),
      "verbs are there",
    );
    const forNodes =
      /^npm:.*libp2p|^npm:.*multiaddr|^npm:.*age-encryption|^node:sqlite$|\/pkg\/(store|p2p|pubsub|dht|slurp)\//;
    const early = [...loaded].filter(([specifier]) => forNodes.test(specifier));
    assert.deepEqual(early.map(([specifier, by]) => `${specifier} by ${by}`), []);
  });
}
