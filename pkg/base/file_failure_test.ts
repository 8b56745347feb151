import { strict as assert } from "node:assert";
import { fileFailure } from "./mod.ts";

async function failureOf(act: () => Promise<unknown>): Promise<string> {
  return await act().then(() => "none", fileFailure);
}

Deno.test("fileFailure() says in words what people can mend", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");

    assert.match(await failureOf(() => Deno.readTextFile(`${folder}/file/x`)), /^something in its path is no folder$/);
    assert.match(await failureOf(() => Deno.readTextFile(folder)), /^it is a folder$/);
    assert.match(await failureOf(() => Deno.stat(`${folder}/${"x".repeat(300)}`)), /^its name is too long$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fileFailure() never advises a flag of the runtime, and keeps the system's words for the rest", () => {
  const refused = new Deno.errors.NotCapable('Requires read access to "/etc/x", run again with the --allow-read flag');

  assert.match(fileFailure(refused), /outside of what this program may touch/);
  assert.equal(fileFailure(new Error("Input/output error (os error 5)")), "Input/output error (os error 5)");
  assert.equal(fileFailure("odd"), "odd");
});
