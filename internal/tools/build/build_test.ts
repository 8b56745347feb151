// The whole pipeline on a fixture, with the real runtime packed weakly (packing it well takes seconds and changes nothing).
import assert from "node:assert/strict";
import { bundle, bundleLoader, bundleScript } from "./bundle.ts";
import { compile, readCompiledMetadata } from "./compiled.ts";
import { parseBuildOptions } from "./options.ts";
import { PERMISSIONS } from "./permissions.ts";
import { type Program, PROGRAMS, VIEW_V8_FLAGS } from "./programs.ts";
import { isNativeExecutable, readHostRuntime } from "./runtime_binary.ts";
import { packPart, renderHeader, writeExecutable } from "./self_extracting.ts";
import { run, sha256Hex } from "./tool.ts";
import { readBuildStamp } from "./version.ts";

const FIXTURE: Program = {
  name: "fixture",
  entry: "internal/tools/build/testdata/fixture.ts",
  permissions: PERMISSIONS.hap,
  v8Flags: PROGRAMS.find(({ name }) => name === "bzzz-hap")?.v8Flags ?? [],
  heapMb: 192,
};
const STAMP = { version: "9.8.7", commit: "0123456789ab" };

Deno.test("bundle: the same source gives the same bytes, stamped and without a path of this machine", async () => {
  const [first, second] = [await bundle(FIXTURE.entry, STAMP), await bundle(FIXTURE.entry, STAMP)];

  assert.equal(await sha256Hex(first), await sha256Hex(second));
  const text = new TextDecoder().decode(first);
  assert.match(text, /9\.8\.7/);
  assert.doesNotMatch(text, /@BZZZ_|file:\/\/\//);
});

Deno.test("bundle: the script is the same each time, too, and a loader names its digest", async () => {
  const [first, second] = [await bundleScript(FIXTURE.entry, STAMP), await bundleScript(FIXTURE.entry, STAMP)];

  assert.equal(await sha256Hex(first), await sha256Hex(second));
  const text = new TextDecoder().decode(first);
  assert.match(text, /^\(function\(require,module,exports\)\{/);
  assert.match(text, /9\.8\.7/);
  assert.doesNotMatch(text, /@BZZZ_|file:\/\/\//);
  assert.match(new TextDecoder().decode(await bundleLoader("ab".repeat(32))), /"(ab){32}"/);
});

Deno.test("F-10 version: comes from deno.json and the repository, and holds no time", async () => {
  const stamp = await readBuildStamp();

  assert.match(stamp.version, /^\d+\.\d+\.\d+/);
  assert.match(stamp.commit, /^([0-9a-f]{7,40}(-dirty)?|unknown)$/);
});

Deno.test("options: an unknown mode or target is refused with what is known", () => {
  assert.equal(parseBuildOptions([]).target, Deno.build.target);
  assert.throws(() => parseBuildOptions(["--mode=zip"]), /it can be auto, compile, self-extracting/);
  assert.throws(() => parseBuildOptions(["--target=vax"]), /x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu/);
});

Deno.test("runtime: a script that starts Deno is not taken for Deno", async () => {
  assert.equal(isNativeExecutable(new TextEncoder().encode("#!/usr/bin/env node\n")), false);
  assert.equal(isNativeExecutable(await readHostRuntime()), true);
});

Deno.test("executable: starts, keeps status and environment, and is held to its folders", async (t) => {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "bzzz-build-" }));
  try {
    const path = `${folder}/fixture`;
    const runtime = await packPart(await readHostRuntime(), 1);
    const code = await packPart(await bundleScript(FIXTURE.entry, STAMP));
    const app = await packPart(await bundleLoader(code.sha256));
    const template = await Deno.readTextFile(new URL("./stub.sh", import.meta.url));
    const target = parseBuildOptions([]).target;
    const header = renderHeader(template, { program: FIXTURE, version: STAMP.version, target, runtime, app, code });
    await writeExecutable(path, [header, runtime.gzip, app.gzip, code.gzip]);
    await Deno.mkdir(`${folder}/home`);
    await Deno.writeTextFile(`${folder}/home/inside`, "inside");
    await Deno.writeTextFile(`${folder}/outside`, "outside");
    await Deno.symlink(`${folder}/outside`, `${folder}/mounted.yaml`);

    const start = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
      const result = await run([path, ...args], {
        cwd: folder,
        env: { BZZZ_CACHE_DIR: `${folder}/cache`, BZZZ_HOME: `${folder}/home`, ...env },
      });
      return `${result.code}:${result.stdout.trim()}${result.stderr.trim()}`;
    };
    const cases: readonly [string, string[], string, Record<string, string>?][] = [
      ["prints its version", ["--version"], "0:fixture 9.8.7"],
      ["keeps the status", ["status"], "7:7"],
      ["reads its data folder", ["read", `${folder}/home/inside`], "0:inside"],
      ["does not read outside", ["read", `${folder}/outside`], "0:NotCapable"],
      [
        "reads a configuration that is a link",
        ["read", `${folder}/mounted.yaml`, `--config=${folder}/mounted.yaml`],
        "0:outside",
      ],
      ["reads what it validates", ["validate", "./outside"], "0:outside"],
      ["writes its data folder", ["write", `${folder}/home/new`], "0:undefined"],
      ["does not write outside", ["write", `${folder}/new`], "0:NotCapable"],
      ["does not write a configuration", ["write", `${folder}/c`, `--config=${folder}/c`], "0:NotCapable"],
      ["sees BZZZ_* variables", ["env", "BZZZ_MARK"], "0:seen", { BZZZ_MARK: "seen" }],
      ["does not see secrets of others", ["env", "AWS_SECRET"], "0:undefined", { AWS_SECRET: "s" }],
      ["starts no programs as a portal", ["spawn"], "0:NotCapable"],
      ["knows the network interfaces", ["sys"], "0:object"],
      ["dials unknown peers", ["net", "203.0.113.5:9000"], "0:granted"],
      ["does not reach a metadata service", ["net", "169.254.169.254"], "0:denied"],
      ["stays on the LAN when told to", ["net", "203.0.113.5:9000"], "0:prompt", { BZZZ_NET: "lan" }],
      ["reaches the LAN when told to", ["net", "192.168.1.7:9000"], "0:granted", { BZZZ_NET: "lan" }],
    ];
    for (const [what, args, expected, env] of cases) {
      await t.step(what, async () => assert.equal(await start(args, env), expected));
    }
    const compiled = `${folder}/cache/code-${code.sha256}.bin`;
    const { size, mode, ino } = await Deno.stat(compiled);
    await t.step("has what the rehearsal compiled, and leaves it alone", async () => {
      assert.ok(size > 0);
      assert.equal((mode ?? 0) & 0o777, 0o400);
      await start(["--version"]);
      assert.equal((await Deno.stat(compiled)).ino, ino);
    });
    await t.step("the engine takes it with the flags of a view, too, and of no other kind", async () => {
      const names = (await Array.fromAsync(Deno.readDir(`${folder}/cache`))).map(({ name }) => name);
      const unpacked = names.find((name) => name.startsWith("rt-"));
      // whoever may write the cache leaves a new file when the old one was refused
      const inodeAfter = async (flags: readonly string[]) => {
        const rt = `${folder}/cache/${unpacked}/fixture`;
        const main = `${folder}/cache/app-${app.sha256}.js`;
        const { code, stderr } = await run([rt, "run", "--no-config", `--v8-flags=${flags}`, "-A", main, "--version"]);
        assert.equal(code, 0, stderr);
        return (await Deno.stat(compiled)).ino;
      };
      assert.equal(await inodeAfter([...VIEW_V8_FLAGS, "--max-old-space-size=64"]), ino);
      assert.notEqual(await inodeAfter([...VIEW_V8_FLAGS, "--max-lazy"]), ino);
    });
    await t.step("starts without it, and with a stale one", async () => {
      const stale = (await Deno.readFile(compiled)).fill(0, 0, 16); // magic and version of the engine
      await Deno.remove(compiled);
      assert.equal(await start(["--version"]), "0:fixture 9.8.7");
      await Deno.writeFile(compiled, stale);
      assert.equal(await start(["--version"]), "0:fixture 9.8.7");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("compile: what deno compile bakes in is what the table says", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-compile-" });
  try {
    const bundlePath = `${folder}/fixture.js`;
    await Deno.writeFile(bundlePath, await bundle(FIXTURE.entry, STAMP));
    const out = `${folder}/fixture`;
    // Any program stands in for the compiler's runtime: the payload is appended to it, and only the payload is read here.
    const env = { DENORT_BIN: "/bin/true" };
    const target = parseBuildOptions([]).target;
    await compile({ program: FIXTURE, bundlePath, target, out, env });

    const metadata = readCompiledMetadata(await Deno.readFile(out));

    const { permissions } = metadata;
    assert.deepEqual(permissions["allow_read"], [".", "/etc/bzzz", "/var/lib/bzzz"]);
    assert.deepEqual(permissions["allow_write"], [".", "/var/lib/bzzz"]);
    assert.deepEqual(permissions["allow_net"], []);
    assert.deepEqual(permissions["deny_net"], [...PERMISSIONS.hap.denyNet]);
    assert.deepEqual(permissions["allow_env"], PERMISSIONS.hap.env);
    assert.deepEqual(permissions["allow_sys"], [...PERMISSIONS.hap.sys]);
    assert.equal(permissions["allow_run"] ?? null, null);
    assert.equal(permissions["allow_ffi"] ?? null, null);
    assert.equal(permissions["allow_all"] ?? null, null);
    assert.match(metadata.entrypoint_key, /fixture\.js$/);
    const flags = metadata["v8_flags"] as string[];
    assert.ok(flags.includes("--max-old-space-size=192") && flags.includes("--min-semi-space-size=8"), flags.join());
    // there is no launcher that would know a view by its arguments
    assert.ok(flags.includes("--max-semi-space-size=8"), flags.join());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
