import assert from "node:assert/strict";
import { readPolicy } from "./policy_file.ts";

Deno.test("a policy that is none is undefined, and what is no file is told and never waited for", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-policy-" });
  try {
    const made = await new Deno.Command("mkfifo", { args: [`${folder}/pipe.yaml`] }).output();
    assert.ok(made.success);

    assert.equal(await readPolicy(`${folder}/none.yaml`), undefined);
    await assert.rejects(readPolicy(`${folder}/pipe.yaml`), /it is no file/);
    await assert.rejects(readPolicy(folder), /it is no file/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
