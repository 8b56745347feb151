import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { exitStatusOf, type GlobalFlags } from "@bzzz/cli";
import { createNullLogger } from "@bzzz/logging";
import { acquireInstanceLock } from "./collision.ts";
import { homePaths, writePrivateFile } from "./home.ts";
import { AGENT_PROFILE } from "./profiles.ts";
import { createPlace, doctor, found, PORTS } from "./testdata/place.ts";
import { UncaughtGuard } from "./uncaught.ts";

const clock = createSystemClock();

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
