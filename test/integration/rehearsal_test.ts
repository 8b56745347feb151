// What a built program does once, when it was just unpacked, so that its starts are quick.
import assert from "node:assert/strict";
import { programPath } from "../helpers/programs.ts";

async function run(
  program: "bzzz-agent" | "bzzz-hap",
  args: string[],
  folder: string,
): Promise<{ readonly code: number; readonly stderr: string }> {
  const output = await new Deno.Command(programPath(program), {
    args,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: folder, TMPDIR: folder, BZZZ_CACHE_DIR: `${folder}/cache` },
    stdin: "null",
  }).output();
  return { code: output.code, stderr: new TextDecoder().decode(output.stderr) };
}

Deno.test("a first start rehearses, and keeps what was compiled for a whole start", async (t) => {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "bzzz-rehearsal-" }));
  try {
    for (const program of ["bzzz-agent", "bzzz-hap"] as const) {
      await t.step(program, async () => {
        assert.equal((await run(program, ["--version"], folder)).code, 0);
        const rehearsed = await run(program, ["run", "--dev", "--rehearse", "--home", `${folder}/${program}`], folder);

        assert.equal(rehearsed.code, 0, rehearsed.stderr);
        assert.match(rehearsed.stderr, / started\nNode ID: /);
      });
    }
    const sizes: number[] = [];
    const left: string[] = [];
    for await (const { name } of Deno.readDir(`${folder}/cache`)) {
      if (name.endsWith(".bin")) sizes.push((await Deno.stat(`${folder}/cache/${name}`)).size);
      if (/^try|\.tmp\./.test(name)) left.push(name);
    }
    assert.equal(sizes.length, 2);
    // evaluating the modules alone leaves a quarter less than this (2.3 MB), a whole start 3 MB and more
    for (const size of sizes) assert.ok(size > 2_800_000, `${sizes}`);
    assert.deepEqual(left, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
