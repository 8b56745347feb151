import assert from "node:assert/strict";
import { BzzzError, createSystemClock, createSystemRandom } from "@bzzz/base";
import type { CheckResult, GlobalFlags } from "@bzzz/cli";
import { exitStatusOf } from "@bzzz/cli";
import { decodeJoinToken } from "@bzzz/agentid";
import { acquireInstanceLock } from "./collision.ts";
import { homePaths, writePrivateFile } from "./home.ts";
import { StandardHooks } from "./hooks.ts";
import { AGENT_PROFILE, type BinaryProfile, HAP_PROFILE } from "./profiles.ts";
import { UncaughtGuard } from "./uncaught.ts";
import { waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { InterruptGate } from "./signals.ts";

const clock = createSystemClock();

interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly globals: GlobalFlags;
  readonly hooks: StandardHooks;
  /** What the node of this data directory would answer. */
  answer: (request: Request) => Response;
  write(name: string, text: string): Promise<string>;
}

async function createPlace(
  profile: BinaryProfile = AGENT_PROFILE,
  deps: { readonly uncaught?: UncaughtGuard } = {},
): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-hooks-" });
  const home = `${folder}/home`;
  const place: Place = {
    folder,
    home,
    globals: {
      home,
      config: undefined,
      logLevel: undefined,
      passphraseFile: undefined,
      settings: [],
      isDev: false,
      isJson: false,
      jsonFields: undefined,
    },
    answer: () => new Response(null, { status: 404 }),
    write: async (name, text) => {
      await writePrivateFile(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    },
    hooks: new StandardHooks({
      profile,
      clock,
      random: createSystemRandom(),
      env: { TMPDIR: folder },
      version: "0.0.0",
      loadExecution: () => Promise.reject(new Error("nothing runs here")),
      stdinIsTerminal: false,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      fetch: (request) => Promise.resolve(place.answer(request)),
      forceExit: () => {},
      interrupts: new InterruptGate(),
      readLine: () => Promise.resolve(undefined),
      readInput: () => Promise.resolve(""),
      tell: () => Promise.resolve(),
      onNodeRunning: () => {},
      ...deps,
    }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  return place;
}

async function found(place: Place): Promise<void> {
  await place.hooks.init({
    globals: place.globals,
    meshName: undefined,
    agentId: "one",
    isRootKeyKept: false,
    shares: undefined,
    threshold: undefined,
    isLocked: false,
    isForced: false,
  });
}

async function doctor(place: Place, globals = place.globals): Promise<Map<string, CheckResult>> {
  return new Map((await place.hooks.doctor(globals)).map((result) => [result.name, result]));
}

const PORTS: GlobalFlags["settings"] = [
  ["ports.http_port", "0"],
  ["ports.health_port", "0"],
  ["ports.ucxi_port", "0"],
  ["network.p2p_port", "0"],
];

Deno.test("doctor: a healthy data directory, and one that is not there yet; nothing is made", async () => {
  await using place = await createPlace();
  const globals = { ...place.globals, settings: PORTS };

  const empty = await doctor(place, globals);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.folder)), []);
  await found(place);
  const healthy = await doctor(place, globals);

  assert.deepEqual([empty.get("mesh")?.status, empty.get("keys")?.status, empty.get("grant")?.status], [
    "failed",
    "failed",
    "failed",
  ]);
  assert.match(empty.get("mesh")?.fix ?? "", /bzzz-agent init/);
  assert.equal(empty.get("database")?.status, "ok");
  const notOk = [...healthy.values()].filter(({ status }) => status !== "ok").map(({ name }) => name);
  assert.deepEqual(notOk, ["node"]);
});

Deno.test("doctor: says what is broken and what to do", async () => {
  await using place = await createPlace();
  await found(place);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = `${(taken.addr as Deno.NetAddr).port}`;
  const globals = { ...place.globals, settings: [...PORTS, ["ports.http_port", port]] as GlobalFlags["settings"] };
  await Deno.chmod(`${place.home}/identity/agent.key`, 0o644);
  await writePrivateFile(homePaths(place.home).database, "no database ".repeat(1000));

  const results = await doctor(place, globals);
  const broken = await doctor(place, { ...globals, settings: [["ports.http_port", "many"]] });

  assert.match(results.get("keys")?.fix ?? "", /chmod 600/);
  assert.equal(results.get("database")?.status, "failed");
  assert.match(results.get("database")?.fix ?? "", /move the database aside/);
  assert.match(results.get("api port")?.found ?? "", new RegExp(port));
  assert.match(results.get("api port")?.fix ?? "", /ports.http_port/);
  assert.equal(broken.get("configuration")?.status, "failed");
  assert.equal(broken.has("api port"), false);
});

Deno.test("doctor: a grant of the other program, and a running node that answers, or does not", async () => {
  await using place = await createPlace();
  await found(place);
  await using portal = await createPlace(HAP_PROFILE);
  const wrong = await doctor(portal, { ...portal.globals, home: place.home, settings: PORTS });
  await writePrivateFile(homePaths(place.home).writeToken, "token\n");
  const endpoints = { pid: 1, api_url: "http://127.0.0.1:1", health_url: "http://127.0.0.1:2", p2p_addresses: [] };
  await writePrivateFile(homePaths(place.home).endpoints, JSON.stringify(endpoints));
  const stale = await place.hooks.findNode(place.globals);
  using _lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, place.home, {
    agentId: "one",
    binaryType: "agent",
  });

  const silent = await doctor(place);
  place.answer = () => Response.json({ state: "ready", peers: { connected: 3 } });
  const ready = await doctor(place);
  place.answer = () => Response.json({ state: "degraded", reasons: ["alone"], peers: { connected: 0 } });
  const degraded = await doctor(place);

  assert.match(wrong.get("grant")?.found ?? "", /for bzzz-agent/);
  assert.equal(stale, undefined, "what a killed node left behind is no node");
  assert.deepEqual([silent.get("node")?.status, silent.get("node")?.found], [
    "failed",
    "the API answers with HTTP 404",
  ]);
  assert.deepEqual([ready.get("node")?.status, ready.get("node")?.found], ["ok", "ready, 3 peers"]);
  assert.match(degraded.get("node")?.found ?? "", /degraded, 0 peers: alone/);
});

Deno.test("what a library throws for nobody is a defect until that library is loaded, and no more than noted then", async () => {
  using uncaught = new UncaughtGuard({ onDefect: () => {} });
  await using place = await createPlace(AGENT_PROFILE, { uncaught });
  const throwsOne = async (kind: string) => {
    queueMicrotask(() => {
      throw Object.assign(new Error("Cannot write to a stream that is closed"), { name: "StreamStateError" });
    });
    const counted = () => uncaught.counts().get(kind) === 1;
    await waitFor(counted, { timeoutMs: 60_000, what: `one ${kind}`, state: () => [...uncaught.counts()] });
  };

  await place.hooks.findNode(place.globals);
  await throwsOne("defect");
  await place.hooks.doctor(place.globals);
  await throwsOne("library");
});

Deno.test("health(): the node's own words; no node, no answer and a foreign answer are status 7", async () => {
  await using place = await createPlace();
  const status = async () => {
    try {
      return (await place.hooks.health(place.globals)).status;
    } catch (error) {
      return exitStatusOf(error);
    }
  };

  const none = await status();
  await writePrivateFile(homePaths(place.home).readToken, "token\n");
  const endpoints = { pid: 1, api_url: "", health_url: "http://127.0.0.1:2", p2p_addresses: [] };
  await writePrivateFile(homePaths(place.home).endpoints, JSON.stringify(endpoints));
  const foreign = await status();
  const check = { name: "x", critical: true, state: "passing", detail: null };
  place.answer = () => Response.json({ status: "healthy", checks: [check] });
  const ok = await status();
  const failing = { name: "x", critical: true, state: "failing", code: "y", message: "z" };
  place.answer = () => Response.json({ status: "unhealthy", checks: [failing] });
  const failed = await status();
  const { checks } = await place.hooks.health(place.globals);

  assert.deepEqual([none, foreign, ok, failed], [7, 7, "ok", "failed"]);
  assert.deepEqual(checks, [{ name: "x", status: "failed", found: "y: z" }]);
});

Deno.test("validateConfigs(): one file is this program's; two may be both, and must go together", async () => {
  await using place = await createPlace();
  const agent = await place.write("agent.yaml", "version: 1\nbinary_type: agent\n");
  const hap = await place.write("hap.yaml", "version: 1\nbinary_type: hap\n");
  const clash = await place.write("clash.yaml", "version: 1\nbinary_type: hap\nports: { http_port: 8080 }\n");
  const typo = await place.write("typo.yaml", "version: 1\nbinary_type: hap\nports:\n  http_prot: 1\n");
  const keys = async (...paths: string[]) =>
    (await place.hooks.validateConfigs(paths, { ...place.globals, home: undefined })).map(({ key }) => key);

  assert.deepEqual(await keys(agent), []);
  assert.deepEqual(await keys(hap), ["binary_type"]);
  assert.deepEqual(await keys(agent, hap), []);
  assert.deepEqual(await keys(hap, agent), []);
  assert.equal((await keys(agent, clash)).length, 1);
  assert.ok((await keys(agent, agent)).length > 0, "two of one kind on the same ports");
  const [issue] = await place.hooks.validateConfigs([agent, typo], place.globals);
  assert.deepEqual([issue?.file, issue?.line, issue?.key], [typo, 4, "ports.http_prot"]);
  assert.match(issue?.message ?? "", /http_port/);
  assert.equal((await keys(`${place.folder}/nowhere.yaml`)).length, 1);
});

Deno.test("invite() without a node: needs an address and a name that is one; what it made, the node takes", async () => {
  await using place = await createPlace();
  await found(place);
  const invite = (agentId: string | undefined, settings: GlobalFlags["settings"]) =>
    place.hooks.invite({
      globals: { ...place.globals, settings },
      role: "developer",
      binaryType: undefined,
      agentId,
      ttlMs: 60_000,
    });
  const codeOf = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      return error instanceof BzzzError ? error.code : String(error);
    }
  };

  const made = await invite("worker", [["network.announce", "/ip4/192.0.2.1/tcp/9000"]]);

  const token = decodeJoinToken(made.token);
  assert.match(token.addresses[0] ?? "", /^\/ip4\/192\.0\.2\.1\/tcp\/9000\/p2p\/12D3Koo/);
  assert.equal(made.agent_id, "worker");
  assert.equal(await codeOf(invite("Not A Name", [])), "invalid_agent_id");
  assert.equal(await codeOf(invite(undefined, [["network.p2p_port", "0"]])), "config_invalid");
  assert.equal(await codeOf(invite("one", [])), "duplicate_agent_id");
  using _lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, place.home, {
    agentId: "one",
    binaryType: "agent",
  });
  assert.equal(await codeOf(invite(undefined, [])), "instance_running");
});

Deno.test("init() and join() leave a mesh alone unless forced, and a running node always", async () => {
  await using place = await createPlace();
  await found(place);
  const again = (isForced: boolean) =>
    place.hooks.init({
      globals: place.globals,
      meshName: "other",
      agentId: undefined,
      isRootKeyKept: true,
      shares: 5,
      threshold: 3,
      isLocked: false,
      isForced,
    });

  await assert.rejects(again(false), { code: "already_exists" });
  const second = await again(true);
  assert.deepEqual([second.mesh_name, second.recovery_shares.length, second.recovery_threshold], ["other", 5, 3]);
  using _lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, place.home, {
    agentId: "one",
    binaryType: "agent",
  });
  await assert.rejects(again(true), { code: "instance_running" });
  await assert.rejects(place.hooks.leave({ globals: place.globals } as never), { code: "instance_running" });
});

Deno.test("join() that finds nobody in time is status 5, 6 or 7, and leaves no mesh behind", async () => {
  await using admin = await createPlace();
  await found(admin);
  await using place = await createPlace();
  const { token } = await admin.hooks.invite({
    globals: { ...admin.globals, settings: [["network.announce", "/ip4/127.0.0.1/tcp/1"]] },
    role: "developer",
    binaryType: undefined,
    agentId: undefined,
    ttlMs: 60_000,
  });

  await assert.rejects(
    place.hooks.join(token, {
      globals: place.globals,
      agentId: undefined,
      timeoutMs: 300,
      isLocked: false,
      isForced: false,
      signal: new AbortController().signal,
    }),
    (error) => [5, 6, 7].includes(exitStatusOf(error)),
  );
  assert.equal((await doctor(place)).get("mesh")?.status, "failed");
});

Deno.test("with --dev, the node that runs is found, not what a killed one left behind", async () => {
  await using place = await createPlace();
  const globals = { ...place.globals, home: undefined, isDev: true };
  const folder = `${place.folder}/bzzz-dev-${Deno.uid()}/nodes`;
  const endpoints = (port: number) =>
    JSON.stringify({ pid: 1, api_url: `http://127.0.0.1:${port}`, health_url: "", p2p_addresses: [] });
  const locks: Disposable[] = [];
  for (const [index, name] of ["agent-1", "agent-2", "agent-3", "hap-1"].entries()) {
    await writePrivateFile(homePaths(`${folder}/${name}`).endpoints, endpoints(index + 1));
    await writePrivateFile(homePaths(`${folder}/${name}`).writeToken, "token\n");
    if (name === "agent-1" || name === "agent-3") continue;
    const holder = { agentId: name, binaryType: "agent" as const };
    locks.push(await acquireInstanceLock({ clock, logger: createNullLogger() }, `${folder}/${name}`, holder));
  }

  const node = await place.hooks.findNode(globals);
  for (const lock of locks) lock[Symbol.dispose]();

  assert.equal(node?.baseUrl, "http://127.0.0.1:2");
  assert.equal(await place.hooks.findNode(globals), undefined);
});

Deno.test("locked keys open with the file that the configuration names, and with no other", async () => {
  await using place = await createPlace();
  await found(place);
  const settings = (file: string): GlobalFlags => ({
    ...place.globals,
    settings: [...PORTS, ["identity.passphrase_file", file]],
  });
  await writePrivateFile(`${place.home}/pass`, "correct horse\n");
  await writePrivateFile(`${place.home}/other`, "another one\n");

  const { changed } = await place.hooks.lockKeys({ ...place.globals, passphraseFile: `${place.home}/pass` });
  const shown = await place.hooks.showKeys(place.globals);
  const named = await doctor(place, settings("pass"));
  const wrong = await doctor(place, settings("other"));
  const none = await doctor(place, { ...place.globals, settings: PORTS });
  const { changed: opened } = await place.hooks.unlockKeys(settings("pass"));

  assert.deepEqual([changed, opened], [2, 2]);
  assert.ok(shown.files.every((file) => file.is_locked));
  assert.equal(named.get("keys")?.status, "ok");
  assert.match(wrong.get("keys")?.found ?? "", /the passphrase is wrong/);
  assert.match(none.get("keys")?.fix ?? "", /--passphrase-file/);
});

Deno.test("the roles file is the one the configuration names, unless a path is given", async () => {
  await using place = await createPlace();
  const role = (name: string) => `version: 1\nroles:\n  ${name}: {level: suggestion}\n`;
  await writePrivateFile(`${place.home}/roles.yaml`, role("standard"));
  await writePrivateFile(`${place.home}/own.yaml`, role("own"));
  const given = await place.write("given.yaml", role("given"));
  const own: GlobalFlags = { ...place.globals, settings: [["security.roles_file", "own.yaml"]] };

  assert.deepEqual((await place.hooks.readRoles(undefined, place.globals)).map(({ name }) => name), ["standard"]);
  assert.deepEqual((await place.hooks.readRoles(undefined, own)).map(({ name }) => name), ["own"]);
  assert.deepEqual((await place.hooks.readRoles(given, own)).map(({ name }) => name), ["given"]);
  await assert.rejects(place.hooks.readRoles(`${place.home}/none.yaml`, own), { code: "config_missing" });
  await place.write("given.yaml", role("admin"));
  await assert.rejects(place.hooks.readRoles(given, own), /given\.yaml:3:3: roles\.admin/);
});
