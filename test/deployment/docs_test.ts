// The documentation against the programs: its commands exist, its links lead somewhere, its table of exit statuses is the real one.
import { COMMANDS, EXIT_STATUSES, parseCommandLine } from "@bzzz/cli";
import { createPortalCommand, LIBRARY_COMMANDS, POLICY_COMMANDS } from "@bzzz/hap/main";
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;

interface Page {
  readonly path: string;
  readonly text: string;
}

async function readPages(): Promise<Page[]> {
  const paths = ["README.md", "CHANGELOG.md", "deployments/README.md"];
  for await (const { name } of Deno.readDir(`${ROOT}docs`)) if (name.endsWith(".md")) paths.push(`docs/${name}`);
  return await Promise.all(paths.sort().map(async (path) => ({ path, text: await Deno.readTextFile(ROOT + path) })));
}

const PAGES = await readPages();

/** Fenced blocks of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].filter((m) => m[1] === language).map((m) => m[2] ?? "");
}

/** What a shell makes of the words of a command; enough for what the pages use. */
function shellWords(command: string): string[] {
  return [...command.matchAll(/(?:'([^']*)'|"([^"]*)"|([^\s'"]+))+/g)].map((match) => match[0].replace(/['"]/g, ""));
}

/** The commands of our programs in a block, wherever they stand in a line. */
function commandsOf(block: string): { program: string; words: string[] }[] {
  const lines = block.replaceAll("\\\n", " ").split("\n").map((line) => line.replace(/\s#.*$/, ""));
  return lines.flatMap((line) => line.split(/ (?:\||&&|;|--) /)).flatMap((part) => {
    const match = /^\s*(?:\$ )?(bzzz-agent|bzzz-hap)(?= |$)(.*?)(?: > .*)?$/.exec(part);
    return match?.[1] ? [{ program: match[1], words: shellWords(match[2] ?? "") }] : [];
  });
}

/** The anchor GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, "").trim().replace(/\s/g, "-");
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf(match[1] ?? "")));
}

/** The portal has verbs of its own, one of which runs when none is given (`cmd/hap/main.ts`). */
const PORTAL_COMMANDS = [createPortalCommand({ env: {} }), ...LIBRARY_COMMANDS, ...POLICY_COMMANDS];
const HAP = { commands: [...COMMANDS, ...PORTAL_COMMANDS], defaultCommand: "portal" };

Deno.test("F-80 docs: every command of the programs parses", () => {
  let count = 0;
  for (const { path, text } of PAGES) {
    for (const { program, words } of blocks(text, "sh").flatMap(commandsOf)) {
      count++;
      const where = `${path}: ${program} ${words.join(" ")}`;
      if (words.length === 0) {
        assert.equal(program, "bzzz-hap", `${where}: an agent without a verb does nothing`);
        continue;
      }
      assert.doesNotThrow(() => parseCommandLine(program === "bzzz-hap" ? HAP : { commands: COMMANDS }, words), where);
    }
  }
  assert.ok(count > 30, `only ${count} commands were found`);
});

Deno.test("docs: every link to a file and every anchor exists", async () => {
  for (const { path, text } of PAGES) {
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const resolved = file === "" ? path : new URL(file, `file:///${path}`).pathname.slice(1);
      await assert.doesNotReject(Deno.stat(ROOT + resolved), `${path} links to ${target}`);
      if (anchor === undefined || !resolved.endsWith(".md")) continue;
      const linked = await Deno.readTextFile(ROOT + resolved);
      assert.ok(anchorsOf(linked).has(anchor), `${path} links to ${target}, which has no such heading`);
    }
  }
});

Deno.test("docs: the table of exit statuses is that of the programs", () => {
  const page = PAGES.find(({ path }) => path === "docs/operate.md")?.text ?? "";

  const rows = [...page.matchAll(/^\| (\d+) +\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, status, name, meaning]) => ({
    status: Number(status),
    name,
    meaning,
  }));

  assert.deepEqual(rows, EXIT_STATUSES.map(({ status, name, meaning }) => ({ status, name, meaning })));
});

Deno.test("docs: decisions are numbered without gaps", () => {
  const page = PAGES.find(({ path }) => path === "docs/decisions.md")?.text ?? "";

  const numbers = [...page.matchAll(/^## D-(\d+) /gm)].map((match) => Number(match[1]));

  assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
});

/** What the reference counts: stories, and flaws of the original, of its documents and of the specification. */
const COUNTED = { S: 37, A: 38, B: 12, F: 80 } as const;

Deno.test("B-11 docs: every story and flaw has its one row, which names a test that has its number", async () => {
  const page = PAGES.find(({ path }) => path === "docs/testing.md")?.text ?? "";
  const rows = [...page.matchAll(/^\| ((?:[SABF]-\d\d(?:, )?)+) +\| (.+?) +\| (.+?) +\|$/gm)];
  const expected = Object.entries(COUNTED).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}-${String(i + 1).padStart(2, "0")}`)
  );

  const ids = rows.flatMap(([, names = ""]) => names.split(", "));

  assert.deepEqual(ids.toSorted(), expected.toSorted());
  for (const [, names = "", , shown = ""] of rows) {
    const paths = [...shown.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
    assert.ok(paths.length > 0 || /^(not yet|no such part): \w/.test(shown), `${names}: ${shown}`);
    const tests = await Promise.all(paths.map((path) => readTests(ROOT + path)));
    if (tests.length === 0 || tests.includes(WHOLE_FOLDER)) continue;
    for (const id of names.split(", ")) {
      assert.ok(tests.some((text) => text.includes(id)), `no test of ${shown} has ${id}`);
    }
  }
});

/** What stands for tests that are not named one by one. */
const WHOLE_FOLDER = "";

/** The text of a file of tests. @throws Deno.errors.NotFound */
async function readTests(path: string): Promise<string> {
  return (await Deno.stat(path)).isDirectory ? WHOLE_FOLDER : await Deno.readTextFile(path);
}

/** The types and functions of the specification's listings. */
const SPECIFIED = [
  ..."RuntimeServices RuntimeConfig BinaryType Runtime StandardRuntime NewRuntime RuntimeService ServiceManager".split(
    " ",
  ),
  ..."ExecutionMode AgentExecution HAPExecution P2PParticipant BinarySpecificConfig PortConfiguration".split(" "),
  ..."InterfaceConfig ConfigValidator ValidateForBinary SharedState UpdateTaskState SharedAgentIdentity".split(" "),
  ..."SignMessage CreateAgentRecord RoleBasedAccess CanAccessResource GetEncryptionRecipients RuntimeError".split(" "),
  ..."ErrorCode NewRuntimeError ServiceCircuitBreaker TestRuntimeInitialization TestDualBinaryP2PInteraction".split(
    " ",
  ),
  ..."ValidateMultiBinaryDeployment CheckForRunningInstance ResourceOptimizer OptimizePubSubForBinary".split(" "),
  ..."BenchmarkAgentStartup DecisionPublisher ElectionManager EncryptedStorage HealthManager UCXIServer".split(" "),
];

Deno.test("every name of the specification has its place, and the place has the name that it has here", async () => {
  const page = PAGES.find(({ path }) => path === "docs/specification.md")?.text ?? "";
  const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
  const rows = page.split("\n").map((line) => line.split("|").slice(1, -1)).filter((cells) => cells.length === 4).slice(
    2,
  );
  const named = rows.flatMap(([, specified = ""]) => quoted(specified));

  assert.deepEqual(SPECIFIED.filter((name) => !named.includes(name)), []);
  const missing: string[] = [];
  for (const [, , names = "", files = ""] of rows) {
    const texts = await Promise.all(quoted(files).map((path) => Deno.readTextFile(ROOT + path)));
    for (const name of quoted(names)) {
      if (!texts.some((text) => new RegExp(`\\b${name}\\b`).test(text))) missing.push(`${name} in ${files.trim()}`);
    }
  }
  assert.deepEqual(missing, []);
});
