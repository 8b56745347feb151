// The specification's section 10.1, and what it leaves out: every way an initialization or a start can fail leaves nothing open.
import assert from "node:assert/strict";
import { exitStatusOf } from "@bzzz/cli";
import { fileURLToPath } from "node:url";
import { homePaths, readEndpoints } from "./home.ts";
import { AGENT_PROFILE, type BinaryProfile, HAP_PROFILE } from "./profiles.ts";
import type { StandardRuntime } from "./runtime.ts";
import { createTestRuntime, foundTestHome, testRequest } from "./testdata/test_node.ts";

function testdata(name: string): string {
  return fileURLToPath(new URL(`./testdata/${name}`, import.meta.url));
}

interface Place extends AsyncDisposable {
  readonly home: string;
  /** A runtime on this data directory; `settings` win over the file. */
  runtime(settings?: Readonly<Record<string, unknown>>): StandardRuntime;
}

async function createPlace(profile: BinaryProfile): Promise<Place> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-runtime-" });
  await foundTestHome(profile, { home, agentId: "one" });
  return {
    home,
    runtime: (flags = {}) => createTestRuntime(profile, { home, flags }),
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

/** Files of `folder` that this process holds open, and its listening sockets; empty where the system does not tell. */
function openThings(folder: string): string[] {
  if (Deno.build.os !== "linux") return [];
  const links = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ""; // the descriptor of the listing itself
    }
  });
  const sockets = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const listening = Deno.readTextFileSync("/proc/self/net/tcp").split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A" && sockets.has(fields[9] ?? ""))
    .map((fields) => `listening on ${fields[1]}`);
  return [...links.filter((link) => link.startsWith(folder)), ...listening];
}

const FILES = [
  { profile: AGENT_PROFILE, file: "agent_config.yaml" },
  { profile: HAP_PROFILE, file: "hap_config.yaml" },
] as const;

for (const { profile, file } of FILES) {
  Deno.test(`${profile.program} initializes from its file, starts, serves and leaves nothing behind`, async () => {
    await using place = await createPlace(profile);
    const before = openThings(place.home);
    const runtime = place.runtime();

    const services = await runtime.initialize(testRequest(profile, testdata(file)));
    assert.deepEqual(openThings(place.home).filter((thing) => thing.startsWith("listening")), [], "not before start()");
    await runtime.start();

    assert.equal(services.config.binaryType, profile.binaryType);
    assert.equal(runtime.getHealthStatus().phase, "started");
    assert.deepEqual(runtime.getHealthStatus().reasons, []);
    const endpoints = await readEndpoints(place.home);
    const live = await fetch(`${endpoints?.health_url}/livez`);
    await live.body?.cancel();
    assert.equal(live.status, 200);
    const [record] = services.journal.entriesAfter(0, { limit: 10, kinds: ["agent_record"] });
    assert.equal(record?.envelope.header.author, services.participant.getPeerID());
    await runtime.stop();
    await runtime.stop();
    assert.deepEqual(openThings(place.home), before);
    assert.equal(await readEndpoints(place.home), undefined);
  });
}

Deno.test("a node that starts again says who it is only when that has changed", async () => {
  await using place = await createPlace(AGENT_PROFILE);
  const records: number[] = [];
  for (const settings of [{}, {}, { "agent.capabilities": ["other"] }, { "agent.capabilities": ["other"] }]) {
    const runtime = place.runtime(settings);
    const { journal } = await runtime.initialize(testRequest(AGENT_PROFILE, testdata("agent_config.yaml")));
    await runtime.start();
    records.push(journal.entriesAfter(0, { limit: 10, kinds: ["agent_record"] }).length);
    await runtime.stop();
  }

  assert.deepEqual(records, [1, 1, 2, 2]);
});

Deno.test("setup mode: a configuration and nothing else; no keys are read, nothing is made, nothing listens", async () => {
  await using place = await createPlace(AGENT_PROFILE);
  const before = openThings(place.home);
  const files = (await Array.fromAsync(Deno.readDir(place.home))).map(({ name }) => name).sort();
  const asked = { ...testRequest(AGENT_PROFILE, testdata("agent_config.yaml")), enableSetupMode: true };

  await assert.rejects(place.runtime().initialize(asked), (error: Error & { code?: string }) => {
    assert.equal(exitStatusOf(error), 3);
    return error.code === "mesh_missing" && /bzzz-agent setup --home/.test(error.message);
  });

  assert.deepEqual(openThings(place.home), before);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(place.home))).map(({ name }) => name).sort(), files);
  await assert.rejects(
    place.runtime().initialize({ ...asked, configPath: testdata("broken_config.yaml") }),
    (error) => exitStatusOf(error) === 8,
  );
});

const REFUSED_FILES = [
  ["a file that is not there", AGENT_PROFILE, "nowhere.yaml", 8],
  ["a key that does not exist", AGENT_PROFILE, "broken_config.yaml", 8],
  ["the other program's file", HAP_PROFILE, "agent_config.yaml", 8],
] as const;

for (const [what, profile, file, status] of REFUSED_FILES) {
  Deno.test(`initialize() refuses ${what}`, async () => {
    await using place = await createPlace(profile);
    const runtime = place.runtime();

    await assert.rejects(
      runtime.initialize(testRequest(profile, testdata(file))),
      (error) => exitStatusOf(error) === status,
    );
    await runtime.stop();
  });
}

/** One way to fail per phase, and after the last of them: what is done to the data directory, and what the file says. */
const FAILURES: readonly {
  readonly what: string;
  readonly at: "initialize" | "start";
  readonly status: number;
  readonly harm: (home: string, takenPort: number) => Promise<Record<string, unknown> | void>;
}[] = [
  {
    what: "no mesh (configuration)",
    at: "initialize",
    status: 3,
    harm: (home) => Deno.remove(`${home}/mesh/mesh.json`),
  },
  {
    what: "readable keys (configuration)",
    at: "initialize",
    status: 13,
    harm: (home) => Deno.chmod(`${home}/identity/agent.key`, 0o644),
  },
  {
    what: "a damaged database (configuration)",
    at: "initialize",
    status: 14,
    harm: (home) => Deno.writeTextFile(homePaths(home).database, "no database ".repeat(1000)),
  },
  {
    what: "a token that is a folder (monitoring)",
    at: "initialize",
    status: 14,
    harm: (home) => Deno.mkdir(homePaths(home).writeToken, { recursive: true }),
  },
  {
    what: "a P2P port in use (p2p)",
    at: "start",
    status: 11,
    harm: (_home, port) => Promise.resolve({ "network.p2p_port": port }),
  },
  {
    what: "a health port in use (monitoring)",
    at: "initialize",
    status: 11,
    harm: (_home, port) => Promise.resolve({ "ports.health_port": port }),
  },
  {
    what: "a context port in use (monitoring)",
    at: "initialize",
    status: 11,
    harm: (_home, port) => Promise.resolve({ "ports.ucxi_port": port }),
  },
  {
    what: "an API port in use (monitoring)",
    at: "initialize",
    status: 11,
    harm: (_home, port) => Promise.resolve({ "ports.http_port": port }),
  },
  {
    what: "a place for the endpoints that cannot be written (after the last one)",
    at: "start",
    status: 14,
    harm: (home) => Deno.mkdir(`${homePaths(home).endpoints}/x`, { recursive: true }),
  },
];

for (const { what, at, status, harm } of FAILURES) {
  Deno.test(`${at}() that fails for ${what} leaves no socket, no file and no lock`, async () => {
    await using place = await createPlace(AGENT_PROFILE);
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const settings = await harm(place.home, (taken.addr as Deno.NetAddr).port) ?? {};
    const before = openThings(place.home);
    const runtime = place.runtime(settings);
    const file = testRequest(AGENT_PROFILE, testdata("agent_config.yaml"));

    const initializing = runtime.initialize(file);
    const failing = at === "initialize" ? initializing : initializing.then(() => runtime.start());

    await assert.rejects(failing, (error) => {
      assert.equal(exitStatusOf(error) === 10 ? 1 : exitStatusOf(error), status, String(error));
      return true;
    });
    assert.deepEqual(openThings(place.home), before);
    await runtime.stop().catch((error) => assert.equal(error.code, "service_stop_failed"));
  });
}

Deno.test("F-15 a runtime lives once: out of turn it says so", async () => {
  await using place = await createPlace(AGENT_PROFILE);
  const runtime = place.runtime();
  const file = testRequest(AGENT_PROFILE, testdata("agent_config.yaml"));

  await runtime.stop();
  await assert.rejects(runtime.start(), TypeError);
  const services = await runtime.initialize(file);
  await assert.rejects(runtime.initialize(file), { code: "lifecycle_misused" });
  assert.equal(services.healthManager.status().phase, "starting", "the second try touched nothing");
  await runtime.stop();
});

Deno.test("a start that is called off ends with the signal's reason and leaves nothing open", async () => {
  await using place = await createPlace(AGENT_PROFILE);
  const before = openThings(place.home);
  const runtime = place.runtime();
  await runtime.initialize(testRequest(AGENT_PROFILE, testdata("agent_config.yaml")));
  const abort = new AbortController();

  const starting = runtime.start({ signal: abort.signal });
  abort.abort(new Error("never mind"));

  await assert.rejects(starting, /never mind/);
  assert.deepEqual(openThings(place.home), before);
});
