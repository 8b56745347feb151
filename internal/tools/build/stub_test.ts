// What the launcher lets a program read, write, run and reach, of the words and variables it is started with.
import assert from "node:assert/strict";
import { PERMISSIONS } from "./permissions.ts";
import { HEADER_BYTES } from "./self_extracting.ts";
import { createTestLauncher, type TestLauncher } from "./testing.ts";
import { type CommandResult, hasCommand, run } from "./tool.ts";

/** The same without the program's own text, and without the sockets' folders inside. */
function placesOf(...given: Parameters<typeof valuesOf>): string[] {
  const values = valuesOf(...given).filter((path) => !isProgramText(path));
  return values.filter((path) => !values.some((parent) => path === `${parent}/run`));
}

function isProgramText(path: string): boolean {
  return /\/code-[0-9a-f]{64}\.(js|bin)$/.test(path);
}

function valuesOf(result: CommandResult, flag: string): string[] {
  assert.equal(result.code, 0, result.stderr);
  const line = result.stdout.split("\n").find((word) => word.startsWith(`${flag}=`));
  return [...new Set(line?.slice(flag.length + 1).split(",") ?? [])];
}

Deno.test("header: is plain POSIX shell and fits", async () => {
  const stub = new URL("./stub.sh", import.meta.url).pathname;
  assert.equal((await run(["sh", "-n", stub])).code, 0);
  for (const name of ["bzzz-agent", "bzzz-hap"] as const) {
    await using setup = await createTestLauncher({ name });
    const header = (await Deno.readFile(setup.path)).subarray(0, HEADER_BYTES);
    assert.match(new TextDecoder().decode(header), /"\$app" "\$@"\n+$/, `${name}: the last command, then nothing`);
  }
  if (await hasCommand("shellcheck")) {
    const checked = await run(["shellcheck", "-s", "sh", stub]);
    assert.equal(checked.stdout, "");
  }
});

Deno.test("F-35 header: the program reads its own text, reads and writes its data folder, and nothing else", async () => {
  await using setup = await createTestLauncher();

  const result = await setup.start(["run", "--verbose"]);

  const home = `${setup.folder}/.local/share/bzzz-agent`;
  // the folder of the socket by its own name as well: a view gives up the rest, and Deno gives up what was granted so
  const [text = "", compiled = "", ...places] = valuesOf(result, "--allow-read");
  assert.match(text, /\/\.cache\/bzzz\/code-[0-9a-f]{64}\.js$/);
  assert.equal(compiled, text.replace(/js$/, "bin"));
  assert.deepEqual(places, [home, `${home}/run`]);
  assert.deepEqual(valuesOf(result, "--allow-write"), [home, `${home}/run`]);
  const words = result.stdout.split("\n");
  assert.equal(words[0], "run");
  for (const flag of ["--no-prompt", "--no-remote", "--cached-only", "--allow-env", "--allow-net", "--allow-run"]) {
    assert.ok(words.includes(flag), flag);
  }
  assert.ok(words.includes("--v8-flags=--min-semi-space-size=16,--max-old-space-size=384"));
  const appAt = words.findIndex((word) => /\/app-[0-9a-f]{64}\.js$/.test(word));
  assert.deepEqual(words.slice(appAt + 1, appAt + 3), ["run", "--verbose"], "arguments reach the program unchanged");
});

Deno.test("header: the portal has its libraries, keys and policy by name, for the views that give up the rest", async () => {
  await using setup = await createTestLauncher({ name: "bzzz-hap" });

  const result = await setup.start(["portal"]);

  const home = `${setup.folder}/.local/share/bzzz-hap`;
  const places = valuesOf(result, "--allow-read").filter((path) => !isProgramText(path));
  const own = ["run", "templates", "prompts", "keys.yaml", "policy.yaml"].map((name) => `${home}/${name}`);
  assert.deepEqual(places, [home, ...own]);
  assert.deepEqual(valuesOf(result, "--allow-write"), [home, `${home}/run`]);
});

Deno.test("header: files with secrets are opened where they are named, standard input is none", async () => {
  await using setup = await createTestLauncher();
  const home = `${setup.folder}/.local/share/bzzz-agent`;

  const flags = await setup.start(["keys", "recover", "--shares-file=/s/shares", "--passphrase-file", "/dev/fd/3"]);
  const piped = await setup.start(["run", "--passphrase-file", "-", "--shares-file=-"]);
  const variable = await setup.start(["run"], { BZZZ_IDENTITY_PASSPHRASE_FILE: "/run/credentials/pass" });

  // on Linux /dev/fd is a link into /proc, so the descriptor is there twice
  const read = placesOf(flags, "--allow-read").filter((path) => !path.startsWith("/proc/"));
  assert.deepEqual(read, ["/s/shares", "/dev/fd/3", home]);
  assert.deepEqual(placesOf(flags, "--allow-write"), [home]);
  assert.deepEqual(placesOf(piped, "--allow-read"), [home]);
  assert.deepEqual(placesOf(variable, "--allow-read"), [home, "/run/credentials/pass"]);
});

Deno.test("header: --home, --config, the environment and --dev each open exactly their place", async () => {
  await using setup = await createTestLauncher();
  const at = (path: string) => `${setup.folder}/${path}`;
  const reads = async (args: string[], env = {}) => placesOf(await setup.start(args, env), "--allow-read");

  assert.deepEqual(await reads(["--home", at("a"), "run"]), [at("a")]);
  assert.deepEqual(await reads([`--home=${at("a b")}`, "run"]), [at("a b")]);
  assert.deepEqual(await reads(["run"], { BZZZ_HOME: at("env") }), [at("env")]);
  assert.deepEqual(await reads(["run", "--home", at("flag")], { BZZZ_HOME: at("env") }), [at("flag")]);
  assert.deepEqual(await reads(["run", "--home", at("a"), "--config", at("c.yaml")]), [at("a"), at("c.yaml")]);
  assert.deepEqual(await reads(["run", "--home", at("a"), "--", "--config", at("c.yaml")]), [at("a")]);
  for (const name of ["BZZZ_CONFIG_PATH", "BZZZ_CONFIG"]) {
    assert.deepEqual(await reads(["run"], { BZZZ_HOME: at("a"), [name]: at("c.yaml") }), [at("a"), at("c.yaml")], name);
  }
  assert.deepEqual(await reads(["run"], { XDG_DATA_HOME: at("data") }), [at("data/bzzz-agent")]);
  assert.deepEqual(await reads(["run", "--home", at("a"), "--dev"], { TMPDIR: setup.folder }), [
    at(`bzzz-dev-${Deno.uid()}`),
    at("a"),
  ]);
  assert.deepEqual(await reads(["--home", at("a"), "validate", at("x.yaml"), "--json", at("y.yaml")]), [
    at("x.yaml"),
    at("y.yaml"),
    at("a"),
  ]);
});

Deno.test("header: a snapshot's folder is written or read, and nothing else of the line is a place", async () => {
  await using setup = await createTestLauncher();
  const at = (path: string) => `${setup.folder}/${path}`;

  const saved = await setup.start(["snapshot", "save", at("backup"), "--home", at("a")]);
  const restored = await setup.start(["--home", at("a"), "snapshot", "restore", "--force", at("backup")]);

  assert.deepEqual(placesOf(saved, "--allow-write"), [at("backup"), at("a")]);
  assert.deepEqual(placesOf(restored, "--allow-read"), [at("backup"), at("a")]);
  assert.deepEqual(placesOf(restored, "--allow-write"), [at("a")]);
});

Deno.test("header: a linked data folder is allowed under both of its names", async () => {
  await using setup = await createTestLauncher();
  await Deno.mkdir(`${setup.folder}/real`);
  await Deno.symlink(`${setup.folder}/real`, `${setup.folder}/link`);

  const result = await setup.start(["--home", `${setup.folder}/link/node`]);

  assert.deepEqual(placesOf(result, "--allow-write"), [`${setup.folder}/link/node`, `${setup.folder}/real/node`]);
});

Deno.test("header: a comma in a path is refused, because it would open another path", async () => {
  await using setup = await createTestLauncher();

  const result = await setup.start(["--home", `${setup.folder}/a,/etc`]);

  assert.equal(result.code, 126);
  assert.match(result.stderr, /bzzz-agent: a path must not have a comma in it/);
});

Deno.test("header: a comma in the current folder, or where a link leads, is refused as one in the path", async () => {
  await using setup = await createTestLauncher();
  const odd = `${setup.folder}/a,b`;
  await Deno.mkdir(odd);
  await Deno.symlink(odd, `${setup.folder}/link`);

  const relative = await setup.start(["--home", "node"], {}, odd);
  const linked = await setup.start(["--home", `${setup.folder}/link/node`]);
  const absolute = await setup.start(["--home", `${setup.folder}/node`], {}, odd);

  for (const { code, stderr } of [relative, linked]) {
    assert.equal(code, 126);
    assert.match(stderr, /bzzz-agent: a path must not have a comma in it: \S+\/a,b\/node/);
  }
  assert.deepEqual(placesOf(absolute, "--allow-write"), [`${setup.folder}/node`]);
});

Deno.test("header: BZZZ_NET=lan closes the network to the outside", async () => {
  await using setup = await createTestLauncher();

  const lan = await setup.start(["run"], { BZZZ_NET: "lan", BZZZ_NET_HOSTS: "node7.example:9000" });
  const unknown = await setup.start(["run"], { BZZZ_NET: "lam" });

  const nets = valuesOf(lan, "--allow-net");
  assert.ok(nets.includes("10.0.0.0/8") && nets.includes("node7.example:9000"), nets.join());
  assert.ok(!lan.stdout.split("\n").includes("--allow-net"));
  assert.deepEqual(valuesOf(lan, "--deny-net"), PERMISSIONS.agent.denyNet);
  assert.equal(unknown.code, 126);
  assert.match(unknown.stderr, /BZZZ_NET is "lam"; it can be "any" or "lan"/);
});

Deno.test("F-71 header: the heap is the profile's, unless the environment names another", async () => {
  await using setup = await createTestLauncher();
  const heap = async (env: Record<string, string>) => valuesOf(await setup.start(["run"], env), "--v8-flags");

  assert.deepEqual(await heap({}), ["--min-semi-space-size=16", "--max-old-space-size=384"]);
  assert.deepEqual(await heap({ BZZZ_HEAP_MB: "1024" }), [
    "--min-semi-space-size=16",
    "--max-old-space-size=1024",
  ]);
  for (const wrong of ["0", "much", "12x", "-1"]) {
    const result = await setup.start(["run"], { BZZZ_HEAP_MB: wrong });
    assert.equal(result.code, 126, wrong);
    assert.match(result.stderr, /BZZZ_HEAP_MB/);
  }
});

Deno.test("header: a view of a node that runs is held to little memory, and nothing else is", async () => {
  await using setup = await createTestLauncher({ name: "bzzz-hap" });
  await using agent = await createTestLauncher();
  const home = `${setup.folder}/node`;
  const endpoints = `${home}/run/endpoints.json`;
  await Deno.mkdir(`${home}/run`, { recursive: true });
  const flags = async (...args: string[]) => {
    const result = await setup.start(["--home", home, ...args]);
    const arenas = result.stdout.split("\n").filter((line) => line.startsWith("ARENAS="));
    return [...valuesOf(result, "--v8-flags").filter((flag) => /semi-space/.test(flag)), ...arenas];
  };
  const node = ["--min-semi-space-size=8", "--max-semi-space-size=8", "ARENAS="];
  const view = ["--min-semi-space-size=2", "--max-semi-space-size=2", "ARENAS=2"];

  assert.deepEqual(await flags(), node, "there is no node");
  await Deno.writeTextFile(endpoints, `{"pid":${Deno.pid},"api_url":"http://127.0.0.1:1"}\n`);
  for (const args of [[], ["portal"], ["tui", "--observe"], ["--plain"]]) {
    assert.deepEqual(await flags(...args), view, args.join(" "));
  }
  for (const args of [["run"], ["status"], ["send", "portal"]]) {
    assert.deepEqual(await flags(...args), node, args.join(" "));
  }
  const other = await agent.start(["--home", home]);
  assert.ok(other.stdout.includes("--v8-flags=--min-semi-space-size=16,--max-old-space-size="), other.stdout);
  const ended = new Deno.Command("true").spawn();
  await ended.status;
  for (const text of [`{"pid":${ended.pid},"api_url":""}\n`, `{"pid":"x"}\n`, "{}\n", ""]) {
    await Deno.writeTextFile(endpoints, text);
    assert.deepEqual(await flags(), node, `nobody runs: ${text}`);
  }
});

Deno.test("header: the runtime's own switches do not leak in", async () => {
  await using setup = await createTestLauncher();

  const result = await setup.start(["run"], { NODE_OPTIONS: "--inspect", DENO_DIR: "/elsewhere" });

  const words = result.stdout.split("\n");
  assert.ok(words.includes("OPTS=") && words.includes("SHIM=1"));
  assert.ok(words.includes(`DENO_DIR=${setup.folder}/.cache/bzzz/state`));
});

Deno.test("header: a screen of the portal may start the one editor that its variable names, other verbs and agents none", async () => {
  await using portal = await createTestLauncher({ name: "bzzz-hap" });
  await using agent = await createTestLauncher();
  const runOf = async (setup: TestLauncher, args: readonly string[], env: Record<string, string>) => {
    const result = await setup.start(args, env);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout.split("\n").filter((word) => word.startsWith("--allow-run"));
  };

  for (const args of [[], ["portal"], ["tui"], ["run"], ["--home", "x"]]) {
    assert.deepEqual(await runOf(portal, args, { BZZZ_EDITOR: "sh -x" }), ["--allow-run=sh"], args.join(" "));
  }
  assert.deepEqual(await runOf(portal, [], { BZZZ_INTERFACE_EDITOR: "/bin/sh" }), ["--allow-run=/bin/sh"]);
  assert.deepEqual(await runOf(portal, [], {}), []);
  assert.deepEqual(await runOf(portal, [], { BZZZ_EDITOR: "no-such-program-anywhere" }), []);
  assert.deepEqual(await runOf(portal, ["inbox"], { BZZZ_EDITOR: "sh" }), []);
  assert.deepEqual(await runOf(agent, ["run"], { BZZZ_EDITOR: "sh" }), ["--allow-run"]);
  assert.deepEqual(await runOf(portal, [], { BZZZ_EDITOR: "sh,/bin/sh" }), [], "a comma would make two of it");
});
