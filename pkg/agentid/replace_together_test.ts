import { strict as assert } from "node:assert";
import { createSystemRandom, utf8Decode, utf8Encode } from "@bzzz/base";
import { encodeCbor } from "@bzzz/wire";
import { IdentityError } from "./errors.ts";
import { finishChange, replaceTogether } from "./replace_together.ts";

const deps = { random: createSystemRandom() };

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-together-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function hasCode(code: string, pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof IdentityError && error.code === code && pattern.test(error.message);
}

async function read(folder: string, name: string): Promise<string> {
  return utf8Decode(await Deno.readFile(`${folder}/${name}`));
}

function files(value: string): readonly { name: string; bytes: Uint8Array }[] {
  return ["a.key", "b.key"].map((name) => ({ name, bytes: utf8Encode(value) }));
}

Deno.test("a change that was cut off is made whole, once", async () => {
  await withFolder(async (folder) => {
    await replaceTogether(folder, deps, () => Promise.resolve(files("old")));
    // cut off after the first file
    await Deno.writeFile(`${folder}/change.cbor`, encodeCbor({ v: 1, files: files("new") }), { mode: 0o600 });
    await Deno.writeTextFile(`${folder}/a.key`, "new");

    await finishChange(folder);
    const found = [await read(folder, "a.key"), await read(folder, "b.key")];
    await Deno.writeTextFile(`${folder}/a.key`, "later");
    await finishChange(folder);

    assert.deepEqual(found, ["new", "new"]);
    assert.equal(await read(folder, "a.key"), "later");
    assert.equal(((await Deno.stat(`${folder}/b.key`)).mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test("while another changes files, a change is refused and a reader goes on", async () => {
  await withFolder(async (folder) => {
    await replaceTogether(folder, deps, async () => {
      await assert.rejects(
        replaceTogether(folder, deps, () => Promise.resolve(files("second"))),
        hasCode("keys_busy", /try again/),
      );
      await finishChange(folder);
      return files("first");
    });

    assert.equal(await read(folder, "b.key"), "first");
  });
});

Deno.test("a change that is refused while it reads changes nothing", async () => {
  await withFolder(async (folder) => {
    await replaceTogether(folder, deps, () => Promise.resolve(files("old")));

    await assert.rejects(replaceTogether(folder, deps, () => Promise.reject(new Error("wrong passphrase"))), /wrong/);

    assert.equal(await read(folder, "a.key"), "old");
    await replaceTogether(folder, deps, () => Promise.resolve(files("new")));
    assert.equal(await read(folder, "a.key"), "new");
  });
});

Deno.test("a damaged change, and one that names a file elsewhere, writes nothing and says which file it is", async () => {
  await withFolder(async (folder) => {
    const elsewhere = encodeCbor({ v: 1, files: [{ name: "../a.key", bytes: utf8Encode("new") }] });
    for (const bytes of [elsewhere, utf8Encode("junk")]) {
      await Deno.writeFile(`${folder}/change.cbor`, bytes, { mode: 0o600 });

      await assert.rejects(finishChange(folder), hasCode("key_malformed", /change\.cbor" is damaged; move it away/));
    }
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort(), [
      "change.cbor",
      "change.lock",
    ]);
  });
});
