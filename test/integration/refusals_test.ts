// What keeps a node from starting: one clear message, the documented exit status, no stack trace.
import assert from "node:assert/strict";
import { createMesh, createNodeKeys, issueGrant, saveGrant, saveMesh } from "@bzzz/agentid";
import { createSystemClock, createSystemRandom, parseAgentId } from "@bzzz/base";
import { note } from "../helpers/load.ts";
import { type Finished, programPath, runOk } from "../helpers/programs.ts";
import { assertOneMessage, QUIET, type Refusal, refuses, runHome } from "../helpers/refusals.ts";

const clock = createSystemClock();
const random = createSystemRandom();

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

async function copyFolder(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assert.ok(success);
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
