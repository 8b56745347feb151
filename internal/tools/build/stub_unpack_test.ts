// How the launcher unpacks: once, private, whole, and never over what is there.
import assert from "node:assert/strict";
import { HEADER_BYTES } from "./self_extracting.ts";
import { createTestLauncher } from "./testing.ts";

Deno.test("header: unpacks once, private, and twelve first starts at a time agree", async () => {
  await using setup = await createTestLauncher();

  const results = await Promise.all(Array.from({ length: 12 }, () => setup.start(["run"])));

  assert.deepEqual(results.map((result) => result.code), Array(12).fill(0), results.map((r) => r.stderr).join(""));
  const cache = `${setup.folder}/.cache/bzzz`;
  const names = (await Array.fromAsync(Deno.readDir(cache))).map((entry) => entry.name.replace(/[0-9a-f]{64}/, "*"));
  assert.deepEqual(names.sort(), ["app-*.js", "code-*.js", "rt-*"]);
  assert.equal(((await Deno.stat(cache)).mode ?? 0) & 0o777, 0o700);
});

Deno.test("header: what was just unpacked is rehearsed, once, with the cache alone and without this node's settings", async () => {
  await using setup = await createTestLauncher({
    runtimeText: `#!/bin/sh\nprintf '%s\\n' "$*" "SEEN=\${BZZZ_MARK:-}" >>"\${0%/*}/calls"\n`,
  });
  for (let n = 0; n < 2; n++) assert.equal((await setup.start(["--version"], { BZZZ_MARK: "mark" })).code, 0);

  const cache = `${setup.folder}/.cache/bzzz`;
  const [folder] = (await Array.fromAsync(Deno.readDir(cache))).filter(({ name }) => name.startsWith("rt-"));
  const calls = (await Deno.readTextFile(`${cache}/${folder?.name}/calls`)).trimEnd().split("\n");
  const [rehearsal = "", seenThen, ...starts] = calls;
  assert.match(rehearsal, / run --dev --rehearse --home /);
  const flags = rehearsal.split(" ");
  assert.ok(flags.includes(`--allow-read=${cache}`) && flags.includes(`--allow-write=${cache}`), rehearsal);
  assert.ok(flags.every((flag) => flag !== "--allow-net" && flag !== "--allow-read" && flag !== "--allow-write"));
  assert.equal(seenThen, "SEEN=");
  assert.deepEqual(starts.map((line) => line.replace(/.* /, "")), ["--version", "SEEN=mark", "--version", "SEEN=mark"]);
  const left = (await Array.fromAsync(Deno.readDir(cache))).map(({ name }) => name);
  assert.deepEqual(left.filter((name) => name.startsWith("try")), []);
});

Deno.test("header: a prefilled cache works read-only and without the rest of the file", async () => {
  await using setup = await createTestLauncher();
  const cache = `${setup.folder}/opt`;
  await setup.start(["--version"], { BZZZ_CACHE_DIR: cache });
  const whole = await Deno.readFile(setup.path);
  await Deno.writeFile(setup.path, whole.subarray(0, HEADER_BYTES));

  const prefilled = await setup.start(["--version"], { BZZZ_CACHE_DIR: cache });
  const empty = await setup.start(["--version"], { BZZZ_CACHE_DIR: `${setup.folder}/none` });

  assert.equal(prefilled.code, 0, prefilled.stderr);
  assert.equal(empty.code, 126);
  assert.match(empty.stderr, /only a launcher/);
});

Deno.test("header: damage, and a cache of somebody else, are refused with one line", async () => {
  await using setup = await createTestLauncher();
  const link = `${setup.folder}/link`;
  await Deno.symlink("/tmp", link);
  const linked = await setup.start(["--version"], { BZZZ_CACHE_DIR: link });
  const bytes = await Deno.readFile(setup.path);
  const damaged = bytes.slice();
  damaged.set([0xff, 0xff, 0xff], HEADER_BYTES + 20);
  await Deno.writeFile(setup.path, damaged);
  const corrupt = await setup.start(["--version"]);
  await Deno.writeFile(setup.path, bytes.subarray(0, bytes.length - 60));
  const truncated = await setup.start(["--version"]);

  assert.match(linked.stderr, /is not a writable folder of this user/);
  for (const [what, result] of Object.entries({ linked, corrupt, truncated })) {
    assert.equal(result.code, 126, what);
    assert.match(result.stderr, /bzzz-agent: /, what);
  }
  const left = (await Array.fromAsync(Deno.readDir(`${setup.folder}/.cache/bzzz`))).map((entry) => entry.name);
  assert.deepEqual(left.filter((name) => name.includes(".tmp.")), [], "nothing half unpacked stays behind");
});
