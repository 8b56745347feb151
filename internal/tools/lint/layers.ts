/**
 * The layers of the project as data, and the one question asked of them: may this file import that module?
 *
 * @module
 */

/** From the top down. A package imports packages of lower rows; `siblings` names what it may import of its own row. */
const LAYERS: readonly Readonly<Record<string, readonly string[]>>[] = [
  { "cmd/agent": [], "cmd/hap": [], "internal/tools": [] },
  { "internal/agent": [], "internal/hap": [] },
  { "internal/common/runtime": [] },
  { "internal/common/web": [] },
  { "internal/common/cli": [] },
  {
    "pkg/coordinator": [],
    "pkg/election": [],
    "pkg/github": [],
    "pkg/context": [],
    "pkg/ucxi": ["pkg/context"],
    "pkg/slurp": ["pkg/context"],
    "pkg/hmmm": [],
    "pkg/presence": [],
    "pkg/health": [],
    "pkg/api": [],
  },
  {
    "pkg/http": [],
    "pkg/model": [],
    "pkg/store": [],
    "pkg/journal": ["pkg/store"],
    "pkg/p2p": [],
    "pkg/pubsub": ["pkg/p2p"],
    "pkg/dht": ["pkg/p2p", "pkg/store"],
    "pkg/register": ["pkg/store"],
  },
  {
    "pkg/roles": ["pkg/agentid", "pkg/crypto"],
    "pkg/agentid": ["pkg/wire", "pkg/crypto"],
    "pkg/wire": ["pkg/crypto"],
    "pkg/crypto": [],
    "pkg/ucxl": ["pkg/crypto"],
    "pkg/config": ["pkg/crypto", "pkg/ucxl"],
    "pkg/logging": [],
  },
  { "pkg/base": [] },
];

/** The npm packages (and built-in modules) that only their owner imports. A name ending in "/" covers a scope. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  "node:sqlite": ["pkg/store"],
  "libp2p": ["pkg/p2p", "pkg/pubsub"],
  "@libp2p/kad-dht": ["pkg/dht"],
  "@libp2p/": ["pkg/p2p", "pkg/pubsub"],
  "@chainsafe/": ["pkg/p2p", "pkg/pubsub"],
  "@multiformats/": ["pkg/p2p", "pkg/pubsub"],
  "uint8arraylist": ["pkg/p2p", "pkg/pubsub"],
  "multiformats": ["pkg/dht"],
  "yaml": ["pkg/config"],
  "age-encryption": ["pkg/crypto"],
  "shamir-secret-sharing": ["pkg/crypto"],
  "cborg": ["pkg/wire"],
  "hono": ["pkg/http", "pkg/api", "pkg/ucxi", "internal/common/web", "internal/hap"],
  "@hono/": ["pkg/http", "pkg/api", "pkg/ucxi", "internal/common/web", "internal/hap"],
  "htmx.org": ["internal/hap"],
  "htmx-ext-sse": ["internal/hap"],
};

const EVERYWHERE: readonly string[] = ["zod"];
const TESTS_ONLY: readonly string[] = ["fast-check", "kubernetes-types", "@xterm/headless"];

/** Import specifiers of our packages that differ from their folder. */
const COMMON: Readonly<Record<string, string>> = {
  runtime: "internal/common/runtime",
  cli: "internal/common/cli",
  web: "internal/common/web",
  agent: "internal/agent",
  hap: "internal/hap",
};

/** The package a file of the project belongs to ("pkg/base", "internal/common/cli", "test"), or undefined at the top level. */
export function packageOf(path: string): string | undefined {
  if (path.startsWith("test/")) return "test";
  return /^(pkg\/[^/]+|internal\/common\/[^/]+|internal\/[^/]+|cmd\/[^/]+)\//.exec(path)?.[1];
}

/** Whether a file exists only for tests: a test, a bench, a package's fakes, or anything under `test/`. */
export function isTestFile(path: string): boolean {
  return path.startsWith("test/") || /(_test|_bench|\/testing)\.tsx?$/.test(path) || path.includes("/testdata/");
}

/**
 * Why the file `from` (path from the root of the project, with "/") must not import `specifier`; undefined when it may.
 * Files under `test/` may import every package face and every npm package, but not reach past a face either.
 */
export function importProblem(from: string, specifier: string): string | undefined {
  if (/^\.{0,2}\//.test(specifier)) return relativeProblem(from, specifier);
  if (specifier.startsWith("@bzzz/")) return packageProblem(from, specifier);
  return dependencyProblem(from, specifier);
}

function relativeProblem(from: string, specifier: string): string | undefined {
  const target = new URL(specifier, `file:///${from}`).pathname.slice(1);
  const owner = packageOf(target);
  if (owner === undefined || owner === packageOf(from)) return undefined;
  // Tools are scripts: they have no face, and nobody but a test of the whole imports them.
  if (owner === "internal/tools" && packageOf(from) === "test") return undefined;
  return `"${specifier}" reaches into ${owner} past its face; import it by its name`;
}

function packageProblem(from: string, specifier: string): string | undefined {
  const [, name = "", face] = specifier.split("/");
  if (face !== undefined && face !== "main" && face !== "testing") {
    return `"${specifier}" reaches past mod.ts, main.ts and testing.ts`;
  }
  if (face === "testing" && !isTestFile(from)) return `"${specifier}" is for tests; this file runs in production`;
  const source = packageOf(from);
  if (source === undefined || source === "test") return undefined;
  const target = COMMON[name] ?? `pkg/${name}`;
  if (target === source) {
    return isTestFile(from) ? undefined : `"${specifier}" is this package; import by relative path`;
  }
  const sourceRow = LAYERS.findIndex((row) => source in row);
  const targetRow = LAYERS.findIndex((row) => target in row);
  if (sourceRow === -1) return `${source} is in no layer; add it to the table in internal/tools/lint/layers.ts`;
  if (targetRow === -1) return `${target} is in no layer; add it to the table in internal/tools/lint/layers.ts`;
  if (targetRow > sourceRow) return undefined;
  if (targetRow < sourceRow) return `${source} lies below ${target} and must not import it`;
  // Tests run a package against a real or fake neighbour (journal over the in-memory network).
  if (isTestFile(from) || LAYERS[sourceRow]?.[source]?.includes(target)) return undefined;
  return `${source} and ${target} share a layer; declare the narrow interface that is needed instead`;
}

function dependencyProblem(from: string, specifier: string): string | undefined {
  if (/^(npm|jsr|https?|data|blob):/.test(specifier)) {
    return `"${specifier}" must be named in deno.json and imported by name`;
  }
  const source = packageOf(from);
  if (source === undefined || source === "test") return undefined;
  const matches = (name: string): boolean =>
    name.endsWith("/") ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`);
  if (EVERYWHERE.some(matches)) return undefined;
  if (TESTS_ONLY.some(matches)) return isTestFile(from) ? undefined : `"${specifier}" is for tests only`;
  const owner = Object.entries(OWNERS).find(([name]) => matches(name));
  if (owner) {
    return owner[1].includes(source)
      ? undefined
      : `"${specifier}" belongs to ${owner[1].join(", ")}; use what that offers`;
  }
  if (specifier.startsWith("node:")) return undefined;
  return `"${specifier}" has no owner; name one in internal/tools/lint/layers.ts`;
}
