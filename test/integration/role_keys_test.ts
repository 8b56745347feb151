// A role's key replaced, a member's grant taken: who reads what then, on built programs and with the age command (S-18, S-24).
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { ageSecretOfText, createAgeOpener, openContent } from "@bzzz/crypto";
import { ageOpens, hasAge } from "../helpers/age_command.ts";
import { contentOf, contentsIn } from "../helpers/contents.ts";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";
import { runOk } from "../helpers/programs.ts";

const WITHIN_MS = 10_000;
const addressOf = (name: string) => `ucxl://boss:admin@test:keys/${name}`;

async function write(mesh: TestMesh, by: string, name: string): Promise<void> {
  const context = await mesh.node(by).context();
  let reason = "";
  await waitFor(
    () =>
      context.put(addressOf(name), utf8Encode(`the text of ${name}`), { audience: ["developer"] }).catch((error) => {
        reason = String(error);
        return undefined;
      }),
    { timeoutMs: PATIENCE_MS, what: `${by} to write ${name}`, state: () => reason },
  );
}

async function reads(mesh: TestMesh, by: string, name: string): Promise<void> {
  const context = await mesh.node(by).context();
  let reason = "";
  const text = await waitFor(
    () =>
      context.get(addressOf(name)).then(({ bytes }) => utf8Decode(bytes), (error) => {
        reason = String(error);
        return undefined;
      }),
    { timeoutMs: PATIENCE_MS, what: `${by} to read ${name}`, state: () => reason },
  );
  assert.equal(text, `the text of ${name}`);
}

/** The generation that a node seals with for developers. */
async function generation(mesh: TestMesh, name: string): Promise<number> {
  const keys = await (await mesh.node(name).api()).roleKeys();
  return keys.find((key) => key.role === "developer" && key.is_current)?.generation ?? 0;
}

/** The one content that a node got while `work` ran. */
async function newContent(mesh: TestMesh, at: string, work: () => Promise<void>): Promise<Uint8Array> {
  const home = mesh.home(at);
  const before = new Set(await contentsIn(home));
  await work();
  const [hash = ""] = (await contentsIn(home)).filter((one) => !before.has(one));
  return await contentOf(home, hash);
}

/** What is in a sealed file, opened as `age` would with a file of exported keys, but by our own means. */
async function openedWith(sealed: Uint8Array, keyFile: string): Promise<Buffer> {
  const lines = (await Deno.readTextFile(keyFile)).split("\n").filter((line) => line.startsWith("AGE-SECRET-KEY-"));
  assert.equal(lines.length, 2, "the exported file has a key of each generation so far");
  const openers = await Promise.all(lines.map((line) => createAgeOpener(ageSecretOfText(line))));
  return Buffer.from(await openContent(openers, sealed));
}

Deno.test("S-18, S-24 the key of a role is replaced: nothing becomes unreadable, and former members read nothing new", async (t) => {
  await using mesh = await TestMesh.create("boss");
  await mesh.add("dev", { through: "boss" });
  await mesh.add("rogue", { through: "boss" });
  await mesh.connected("boss", "dev", "rogue");
  let held: { readonly old: Uint8Array; readonly fresh: Uint8Array; readonly keyFile: string } | undefined;
  await write(mesh, "boss", "before");
  for (const name of ["dev", "rogue"]) await reads(mesh, name, "before");

  await t.step(
    "by an admin's order: who has the role, and who gets it later, reads what is old and what is new",
    async () => {
      const rotated = await (await mesh.node("boss").api()).rotateKey("developer");
      assert.equal(rotated.generation, 2);
      await waitFor(async () => await generation(mesh, "dev") === 2, {
        timeoutMs: PATIENCE_MS,
        what: "the key at dev",
      });
      await write(mesh, "dev", "between");
      await mesh.add("late", { through: "boss" });
      for (const name of ["boss", "dev", "rogue", "late"]) {
        await reads(mesh, name, "before");
        await reads(mesh, name, "between");
      }
    },
  );

  await t.step("by a revocation: within 10 s everybody seals with a key that the former member has not", async () => {
    const args = ["keys", "export", "developer", "--yes", "--json", "--home", mesh.home("rogue")];
    const keyFile = (JSON.parse(await runOk("bzzz-agent", args)) as { path: string }).path;
    const old = await newContent(mesh, "dev", () => write(mesh, "dev", "last"));
    const sinceTheOrder = new Stopwatch();
    await (await mesh.node("boss").api()).revokeMember("rogue", { reason: "left" });

    for (const name of ["boss", "dev", "late"]) {
      await waitFor(async () => await generation(mesh, name) === 3, {
        timeoutMs: PATIENCE_MS,
        what: `the third key at ${name}`,
      });
    }
    const fresh = await newContent(mesh, "dev", () => write(mesh, "dev", "after"));
    const tookMs = sinceTheOrder.within(WITHIN_MS, "sealed with a new key");
    note(`written with a key that the revoked member has not after ${tookMs} ms`);

    for (const name of ["boss", "late"]) {
      for (const what of ["before", "between", "last", "after"]) await reads(mesh, name, what);
    }
    // nobody tells a former member of what is new, so for it there is nothing at that address
    await assert.rejects((await mesh.node("rogue").context()).get(addressOf("after")), { code: "not_found" });
    // even with the sealed bytes in hand: its keys open what was written before, and nothing since
    assert.ok((await openedWith(old, keyFile)).includes("the text of last"));
    await assert.rejects(openedWith(fresh, keyFile), { code: "not_a_recipient" });
    held = { old, fresh, keyFile };
  });

  await t.step({
    name: "the same by the age command",
    ignore: !await hasAge(),
    fn: async () => {
      assert.ok(held);
      const file = `${mesh.home("dev")}/sealed.age`;
      for (const [sealed, isReadable] of [[held.old, true], [held.fresh, false]] as const) {
        await Deno.writeFile(file, sealed);
        assert.equal(await ageOpens(file, held.keyFile), isReadable);
      }
    },
  });
});
