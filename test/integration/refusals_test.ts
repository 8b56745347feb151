// What keeps a node from starting: one clear message, the documented exit status, no stack trace.
import assert from "node:assert/strict";
import { createMesh, createNodeKeys, issueGrant, saveGrant, saveMesh } from "@bzzz/agentid";
import { createSystemClock, createSystemRandom, parseAgentId } from "@bzzz/base";
import { note } from "../helpers/load.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import {
  type Finished,
  ISOLATED,
  type Program,
  programPath,
  run,
  RunningNode,
  runOk,
  type RunOptions,
} from "../helpers/programs.ts";

/** As users run it: what is logged at the usual level counts as noise. */
const QUIET: Readonly<Record<string, string>> = { ...ISOLATED, BZZZ_LOGGING_LEVEL: "info" };
const clock = createSystemClock();
const random = createSystemRandom();

interface Refusal {
  readonly name: string;
  readonly program?: Program;
  readonly args: (home: string) => readonly string[];
  /** Makes of the good data directory what the case needs. */
  readonly prepare?: (home: string) => Promise<void> | void;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly status: number;
  /** What the message must say: where, what was found, what to do. */
  readonly says: readonly RegExp[];
}

const runHome = (home: string) => ["run", "--home", home];
const withConfig = (text: string) => (home: string) => Deno.writeTextFile(`${home}/config.yaml`, text);

const REFUSALS: readonly Refusal[] = [
  {
    name: "an unknown flag",
    args: (home) => ["run", "--hoem", home],
    status: 2,
    says: [/--hoem/, /did you mean "--home"/],
  },
  { name: "an unknown command", args: () => ["rnu"], status: 2, says: [/"rnu"/, /did you mean "run"/] },
  {
    name: "a data directory without a mesh",
    args: (home) => runHome(`${home}-none`),
    status: 3,
    says: [
      /belongs to no mesh/,
      /bzzz-agent setup --home \S+" \(on a page with --page\)/,
      /bzzz-agent init/,
      /bzzz-agent join/,
    ],
  },
  {
    name: "an unknown key in the configuration",
    args: runHome,
    prepare: withConfig("version: 1\nbinary_type: agent\nports:\n  htpp_port: 1\n"),
    status: 8,
    says: [/config\.yaml:4:3/, /ports\.htpp_port/, /http_port/],
  },
  {
    name: "several wrong values at once",
    args: runHome,
    prepare: withConfig("version: 1\nbinary_type: agent\nports:\n  http_port: 70000\nagent:\n  max_tasks: many\n"),
    status: 8,
    says: [/config\.yaml:4:\d+/, /70000/, /config\.yaml:6:\d+/, /"many"/, /expected/],
  },
  {
    name: "a file that is not YAML",
    args: runHome,
    prepare: withConfig("version: 1\nports: [\n"),
    status: 8,
    says: [/config\.yaml/],
  },
  {
    name: "a wrong environment variable",
    args: runHome,
    env: { BZZZ_PORTS_HTTP_PORT: "http" },
    status: 8,
    says: [/BZZZ_PORTS_HTTP_PORT/, /"http"/, /expected/],
  },
  {
    name: "a configuration that does not exist",
    args: (home) => [...runHome(home), "--config", `${home}/none.yaml`],
    status: 8,
    says: [/none\.yaml/],
  },
  {
    name: "an agent's configuration given to the portal",
    program: "bzzz-hap",
    args: (home) => [...runHome(`${home}-hap`), "--config", `${home}/config.yaml`],
    prepare: withConfig("version: 1\nbinary_type: agent\n"),
    status: 8,
    says: [/binary_type/, /"agent"/, /hap/],
  },
  {
    name: "an agent's data directory given to the portal",
    program: "bzzz-hap",
    args: (home) => [...runHome(home), "--config", `${home}/hap.yaml`],
    prepare: (home) => Deno.writeTextFile(`${home}/hap.yaml`, "version: 1\nbinary_type: hap\n"),
    status: 13,
    says: [/data directory of bzzz-agent \("first"\)/, /bzzz-hap/, /--home/],
  },
  {
    name: "a key that others can read",
    args: runHome,
    prepare: (home) => Deno.chmod(`${home}/identity/agent.key`, 0o644),
    status: 13,
    says: [/agent\.key/, /0644/, /chmod 0600/],
  },
  {
    name: "a damaged key",
    args: runHome,
    prepare: (home) => Deno.writeTextFile(`${home}/identity/agent.key`, "nonsense"),
    status: 13,
    says: [/agent\.key/],
  },
  {
    name: "a missing key",
    args: runHome,
    prepare: (home) => Deno.remove(`${home}/identity/agent.key`),
    status: 13,
    says: [/agent\.key/],
  },
  {
    name: "a key that leads elsewhere",
    args: runHome,
    prepare: async (home) => {
      await Deno.remove(`${home}/identity/agent.key`);
      await Deno.symlink("/etc/passwd", `${home}/identity/agent.key`);
    },
    status: 13,
    says: [/agent\.key/, /outside of what this program may touch/],
  },
  {
    name: "a database that leads elsewhere",
    args: runHome,
    prepare: async (home) => {
      await Deno.rename(`${home}/journal.db`, `${home}-journal.db`);
      await Deno.symlink(`${home}-journal.db`, `${home}/journal.db`);
    },
    status: 14,
    says: [/journal\.db": it is a link to ".*-journal\.db"; put the file itself there/],
  },
  {
    name: "a missing network key",
    args: runHome,
    prepare: (home) => Deno.remove(`${home}/mesh/network.key`),
    status: 13,
    says: [/network\.key/, /join the mesh again/],
  },
  {
    name: "a file that says which mesh, damaged",
    args: runHome,
    prepare: (home) => Deno.writeTextFile(`${home}/mesh/mesh.json`, "{"),
    status: 13,
    says: [/mesh\.json": it is not JSON/],
  },
  {
    name: "a data directory that is a file",
    args: (home) => ["init", "--home", `${home}/config.yaml`],
    status: 13,
    says: [/config\.yaml/, /no folder/],
  },
  {
    name: "something in the way of the tokens",
    args: runHome,
    prepare: (home) => Deno.writeTextFile(`${home}/run`, ""),
    status: 14,
    says: [/\/run\//, /something (in its path|else)/],
  },
  {
    name: "a missing grant",
    args: runHome,
    prepare: (home) => Deno.remove(`${home}/mesh/grant.cbor`),
    status: 13,
    says: [/no readable grant/, /join/],
  },
  {
    name: "a grant that has ended",
    args: runHome,
    prepare: expiredIdentity,
    status: 13,
    says: [/its grant ended on \d{4}-\d\d-\d\d/, /invite/],
  },
  {
    name: "another agent id than the grant's",
    args: runHome,
    env: { BZZZ_AGENT_ID: "somebody-else" },
    status: 13,
    says: [/somebody-else/, /"first"/],
  },
  {
    name: "a second mesh in one data directory",
    args: (home) => ["init", "--home", home],
    status: 8,
    says: [/belongs to mesh "test"/, /--home/],
  },
  {
    name: "a token that is none",
    args: (home) => ["join", "--home", `${home}-x`, "bzzz-join1-abc"],
    status: 8,
    says: [/token/],
  },
  {
    name: "an impossible agent id",
    args: (home) => ["init", "--home", `${home}-x`, "--agent-id", "-"],
    status: 8,
    says: [/a-z/],
  },
  {
    name: "no node to ask",
    args: (home) => ["status", "--home", home],
    status: 7,
    says: [/none runs/, /bzzz-agent run/],
  },
];

/** A data directory whose grant ended yesterday. */
async function expiredIdentity(home: string): Promise<void> {
  await Deno.remove(`${home}/mesh`, { recursive: true });
  await Deno.remove(`${home}/identity`, { recursive: true });
  const dayMs = 86_400_000;
  const past = { ...clock, nowMs: () => clock.nowMs() - 30 * dayMs };
  const mesh = createMesh({ name: "old", random, clock: past });
  const keys = await createNodeKeys({ home, binaryType: "agent" }, { random });
  const agentId = parseAgentId("first");
  assert.ok(agentId);
  const { bytes } = issueGrant({ key: mesh.rootKey, issuer: "root" }, {
    mesh: mesh.meshId,
    peer: keys.peerId,
    agentId,
    binaryType: "agent",
    role: "admin",
    ageRecipient: keys.age.recipient,
    issuedAtMs: past.nowMs(),
    ttlMs: 29 * dayMs,
  });
  await saveGrant(home, bytes, { random });
  await saveMesh(home, mesh, { random });
}

/** One message of the program itself, nothing of the runtime's. */
function assertOneMessage(program: Program, stderr: string, name: string): void {
  const messages = stderr.split("\n").filter((line) => line.startsWith(`${program}: `));
  assert.equal(messages.length, 1, `${name}: one message, not\n${stderr}`);
  assert.ok(stderr.startsWith(`${program}: `), `${name}: nothing before it\n${stderr}`);
  assert.doesNotMatch(stderr, /^\s+at /m, `${name}: no stack trace`);
  assert.doesNotMatch(stderr, /undefined|\[object|NaN/, `${name}: words, not values`);
  assert.ok(stderr.length < 1_500, `${name}: short`);
}

async function copyFolder(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assert.ok(success);
}

async function refuses(refusal: Refusal, home: string): Promise<void> {
  const program = refusal.program ?? "bzzz-agent";
  const options: RunOptions = { env: { ...QUIET, ...refusal.env }, timeoutMs: PATIENCE_MS };

  const { code, stdout, stderr } = await run(program, refusal.args(home), options);

  assert.equal(code, refusal.status, `${refusal.name}: ${stderr}`);
  assert.equal(stdout, "", `${refusal.name}: nothing on stdout`);
  assertOneMessage(program, stderr, refusal.name);
  for (const pattern of refusal.says) assert.match(stderr, pattern, `${refusal.name}: ${stderr}`);
}

Deno.test("S-27 what keeps a node from starting: one message, the documented status", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await runOk("bzzz-agent", ["init", "--home", `${folder}/good`, "--mesh", "test", "--agent-id", "first"]);
    for (const [index, refusal] of REFUSALS.entries()) {
      await t.step(refusal.name, async () => {
        const home = `${folder}/case-${index}`;
        await copyFolder(`${folder}/good`, home);
        await refusal.prepare?.(home);
        await refuses(refusal, home);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("S-27 what belongs to another user is named, whatever it is: one message, the documented status", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    const good = `${folder}/good`;
    await runOk("bzzz-agent", ["init", "--home", good, "--mesh", "test", "--agent-id", "first"]);
    if (!await giveToNobody(folder)) return note("files of another user: skipped, needs root and setpriv");
    const cases: readonly (readonly [path: string, mode: number, verb: string, status: number])[] = [
      ["identity/agent.key", 0, "run", 13],
      ["identity", 0, "run", 13],
      ["mesh/mesh.json", 0, "run", 13],
      ["mesh/network.key", 0, "run", 13],
      ["mesh/grant.cbor", 0, "run", 13],
      ["config.yaml", 0, "run", 8],
      ["journal.db", 0, "run", 14],
      [".", 0o500, "run", 14],
      [".", 0, "status", 14],
    ];
    for (const [path, mode, verb, status] of cases) {
      await t.step(`${path}, ${verb}`, async () => {
        const file = `${good}/${path}`;
        const before = (await Deno.stat(file)).mode ?? 0;
        await Deno.chmod(file, mode);

        const { code, stderr } = await runAsNobody(folder, [verb, "--home", good]);

        await Deno.chmod(file, before & 0o7777);
        assert.equal(code, status, stderr);
        assertOneMessage("bzzz-agent", stderr, path);
        assert.ok(stderr.includes(path === "." ? good : `${good}/${path}`), stderr);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The user that owns nothing, on every Linux. */
const NOBODY = 65534;

/** Gives `folder` away, with a program of its own; false where a test may not do that. */
async function giveToNobody(folder: string): Promise<boolean> {
  try {
    await Deno.copyFile(programPath("bzzz-agent"), `${folder}/bzzz-agent`);
    const chown = new Deno.Command("chown", { args: ["-R", `${NOBODY}:${NOBODY}`, folder], stderr: "null" });
    const setpriv = new Deno.Command("setpriv", { args: [`--reuid=${NOBODY}`, "true"], stderr: "null" });
    return (await chown.output()).success && (await setpriv.output()).success;
  } catch {
    return false; // no such program here
  }
}

async function runAsNobody(folder: string, args: readonly string[]): Promise<Pick<Finished, "code" | "stderr">> {
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
  const { code, stderr } = await new Deno.Command("setpriv", {
    args: [...ids, `${folder}/bzzz-agent`, ...args],
    clearEnv: true,
    env: { ...QUIET, PATH: Deno.env.get("PATH") ?? "", BZZZ_CACHE_DIR: `${folder}/cache` },
    stdin: "null",
    stdout: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("S-06 S-07 F-19 taken ports and a second instance are named", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await runOk("bzzz-agent", ["init", "--home", `${folder}/one`, "--mesh", "test", "--agent-id", "first"]);
    await using first = await RunningNode.start("bzzz-agent", `${folder}/one`);
    await t.step("a second instance: refused with the pid of the first", async () => {
      const refusal = { name: "second", args: runHome, status: 12, says: [new RegExp(`process ${first.pid}\\b`)] };
      await refuses(refusal, `${folder}/one`);
      assert.equal((await first.healthPage("/livez")).status, 200, "the first goes on");
    });
    await runOk("bzzz-agent", ["init", "--home", `${folder}/two`, "--mesh", "test", "--agent-id", "second"]);
    const taken: readonly (readonly [string, string])[] = [
      ["BZZZ_PORTS_HTTP_PORT", new URL(first.endpoints.api_url).port],
      ["BZZZ_PORTS_HEALTH_PORT", new URL(first.endpoints.health_url).port],
      ["BZZZ_PORTS_UCXI_PORT", new URL(first.endpoints.ucxi_url).port],
      ["BZZZ_NETWORK_P2P_PORT", /\/tcp\/(\d+)/.exec(first.endpoints.p2p_addresses[0] ?? "")?.[1] ?? ""],
    ];
    for (const [variable, port] of taken) {
      await t.step(`${variable} in use`, async () => {
        const says = [new RegExp(`\\b${port}\\b`), /in use|another program has the port/];
        await refuses({ name: variable, args: runHome, env: { [variable]: port }, status: 11, says }, `${folder}/two`);
      });
    }
    await t.step("after kill -9 the next start is not held up", async () => {
      await first.kill();
      await using again = await RunningNode.start("bzzz-agent", `${folder}/one`);
      assert.notEqual(again.pid, first.pid);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("S-07 F-69 a duplicate agent id in the mesh is refused, with the holder named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await runOk("bzzz-agent", ["init", "--home", `${folder}/one`, "--mesh", "test", "--agent-id", "first"]);
    await using first = await RunningNode.start("bzzz-agent", `${folder}/one`);
    const token = JSON.parse(
      await runOk("bzzz-agent", ["invite", "--home", first.home, "--role", "developer", "--json"]),
    ).token;

    const { code, stderr } = await run("bzzz-agent", ["join", "--home", `${folder}/two`, "--agent-id", "first", "-"], {
      stdin: token,
      env: QUIET,
    });

    assert.equal(code, 12, stderr);
    assertOneMessage("bzzz-agent", stderr, "duplicate");
    assert.match(stderr, new RegExp((await (await first.api()).status()).node.peer_id), "the holder is named");
    await runOk("bzzz-agent", ["join", "--home", `${folder}/two`, "--agent-id", "other", "-"], { stdin: token });
    const again = await run("bzzz-agent", ["join", "--home", `${folder}/three`, "--agent-id", "third", "-"], {
      stdin: token,
      env: QUIET,
    });
    assert.equal(again.code, 6, "a token works once");
    assertOneMessage("bzzz-agent", again.stderr, "used token");
    assert.match(again.stderr, /a token works once/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
