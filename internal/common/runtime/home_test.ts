import { strict as assert } from "node:assert";
import { exitStatusOf } from "@bzzz/cli";
import { checkForRunningInstance } from "./collision.ts";
import { isThere, readOwnTextIfThere, readTextIfThere, writePrivateFile, writeRunFile } from "./home.ts";
import { HomeError } from "./home_error.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a private file is written whole, replaced, and read again; one that is not there is undefined", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run/api.token`;
    assert.deepEqual([await readTextIfThere(path), await isThere(path)], [undefined, false]);

    await writePrivateFile(path, "first");
    await writePrivateFile(path, "second");

    assert.deepEqual([await readTextIfThere(path), await isThere(path)], ["second", true]);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(`${folder}/run`))).map(({ name }) => name), ["api.token"]);
  });
});

Deno.test("a file of one's own is read here and now; a pipe or a folder in its place is named, and not waited for", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/api.token`;
    assert.equal(await readOwnTextIfThere(path), undefined);
    await writePrivateFile(path, "secret");
    assert.equal(await readOwnTextIfThere(path), "secret");

    for (const [command, name] of [["mkfifo", "pipe"], ["mkdir", "folder"]] as const) {
      assert.ok((await new Deno.Command(command, { args: [`${folder}/${name}`] }).output()).success);
      await assert.rejects(readOwnTextIfThere(`${folder}/${name}`), {
        code: "home_unreadable",
        message: `Cannot read "${folder}/${name}": it is no regular file; remove it`,
      });
    }
  });
});

Deno.test("a file of this run is private, replaced in one step, and leaves nothing where it cannot be", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-home-" });
  try {
    const path = `${folder}/run/endpoints.json`;
    await writeRunFile(path, "old");
    await writeRunFile(path, "new");
    const { mode } = await Deno.stat(path);
    await Deno.mkdir(`${folder}/run/taken/inside`, { recursive: true });
    await assert.rejects(writeRunFile(`${folder}/run/taken`, "x"), HomeError);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/run`))).map(({ name }) => name);

    assert.equal(await readTextIfThere(path), "new");
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(names.sort(), ["endpoints.json", "taken"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a file that the system refuses is named, and a supervisor is told that a restart does not help", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/run`, "no folder");
    const path = `${folder}/run/api.token`;

    for (
      const [act, verb] of [
        [() => readTextIfThere(path), "read"],
        [() => isThere(path), "read"],
        [() => writePrivateFile(path, "text"), "write"],
        [() => checkForRunningInstance(`${folder}/run`), "read"],
      ] as const
    ) {
      const error = await act().then(() => undefined, (thrown) => thrown);

      assert.ok(error instanceof HomeError, String(error));
      assert.ok(error.message.startsWith(`Cannot ${verb} "${folder}/run/`), error.message);
      assert.match(error.message, /something (in its path is no folder|else is in its place)$/);
      assert.equal(exitStatusOf(error), 14);
    }
  });
});
