// Files of the age command into a mesh, and what is no such file: a clear code, and nothing stored (issue: context).
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { age, hasAge } from "../helpers/age_command.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { type Finished, run, runOk } from "../helpers/programs.ts";

const ADDRESS = "ucxl://anna:developer@test:vault/brought.md";
const CONTENT = "written outside, read inside\n";
const MIB = 1024 * 1024;

interface RoleKeyView {
  readonly role: string;
  readonly is_current: boolean;
  readonly recipient: string;
}

async function recipientOf(home: string, role: string): Promise<string> {
  let found: RoleKeyView | undefined;
  await waitFor(async () => {
    const lines = (await runOk("bzzz-agent", ["keys", "roles", "--json", "--home", home])).trim().split("\n");
    found = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as RoleKeyView)
      .find((key) => key.role === role && key.is_current);
    return found !== undefined;
  }, { timeoutMs: PATIENCE_MS, what: `a key of role ${role}` });
  return found?.recipient ?? "";
}

/** Everything that lies below the content folder of a node, by name. */
async function contentFiles(home: string): Promise<string[]> {
  const names: string[] = [];
  for await (const folder of Deno.readDir(`${home}/content`)) {
    for await (const { name } of Deno.readDir(`${home}/content/${folder.name}`)) names.push(name);
  }
  return names.sort();
}

Deno.test({
  name: "a file of the age command is imported, and a damaged, foreign or huge one leaves nothing behind",
  ignore: !await hasAge(),
  fn: async (t) => {
    // what a leader derives from the imported is content, too, and is not what is counted here
    await using mesh = await TestMesh.create("anna", { env: { BZZZ_SLURP_ENABLED: "false" } });
    const { home } = mesh.node("anna");
    const recipient = await recipientOf(home, "developer");
    const imported = (file: Uint8Array, args: readonly string[] = []): Promise<Finished> =>
      run("bzzz-agent", ["ucxl", "import", ADDRESS, "--audience", "developer", ...args, "--home", home], {
        stdin: file,
        timeoutMs: 60_000,
      });
    const content = new TextEncoder().encode(CONTENT);
    const file = await age(["--encrypt", "--recipient", recipient], content);

    await t.step("as it is, and in armor", async () => {
      const plain = await imported(file);
      assert.equal(plain.code, 0, plain.stderr);
      assert.equal(await runOk("bzzz-agent", ["ucxl", "get", ADDRESS, "--home", home]), CONTENT);

      const armored = await imported(await age(["--encrypt", "--armor", "--recipient", recipient], content));
      assert.equal(armored.code, 0, armored.stderr);
      const history = await runOk("bzzz-agent", ["ucxl", "history", ADDRESS, "--json", "--home", home]);
      assert.equal(history.trim().split("\n").length, 2);
    });

    await t.step("what is exported, age opens with the exported key of the role", async () => {
      const keys = await runOk("bzzz-agent", ["keys", "export", "developer", "--yes", "--json", "--home", home]);
      const exported = JSON.parse(await runOk("bzzz-agent", ["ucxl", "export", ADDRESS, "--json", "--home", home]));
      const opened = await age(
        ["--decrypt", "--identity", JSON.parse(keys).path],
        Uint8Array.fromBase64(exported.content_base64),
      );
      assert.equal(new TextDecoder().decode(opened), CONTENT);
    });

    await t.step("what cannot be taken: one error, one status, nothing stored", async () => {
      const before = await contentFiles(home);
      const macAt = new TextDecoder("latin1").decode(file).indexOf("\n--- ") + 10;
      const stranger = await new Deno.Command("age-keygen", { args: ["--output", `${mesh.folder}/stranger.key`] })
        .output();
      const other = /age1\w+/.exec(new TextDecoder().decode(stranger.stderr))?.[0] ?? "";
      const large = (bytes: number) => age(["--encrypt", "--recipient", recipient], new Uint8Array(bytes));
      const cases: readonly [what: string, file: Uint8Array, status: number, says: RegExp][] = [
        ["altered content", file.with(-1, (file.at(-1) ?? 0) ^ 1), 8, /not an age file, or were altered/],
        ["altered header", file.with(macAt, file[macAt] === 65 ? 66 : 65), 8, /not an age file, or were altered/],
        // the wrapped key no longer opens, which looks like one that was wrapped for another
        ["altered recipient", file.with(60, file[60] === 65 ? 66 : 65), 4, /sealed to no role of this node/],
        ["cut short", file.slice(0, -10), 8, /not an age file, or were altered/],
        ["cut in the header", file.slice(0, 80), 8, /its header has no end/],
        ["no age file", content, 8, /does not begin with "age-encryption\.org\/v1"/],
        ["nothing", new Uint8Array(), 8, /does not begin with/],
        [
          "for somebody else",
          await age(["--encrypt", "--recipient", other], content),
          4,
          /sealed to no role of this node/,
        ],
        ["larger than a content may be", await large(9 * MIB), 8, /bytes are more than|at most \d+ bytes are allowed/],
        ["100 MiB", await large(100 * MIB), 2, /more than|at most/],
      ];

      for (const [what, bytes, status, says] of cases) {
        const { code, stdout, stderr } = await imported(bytes);
        assert.equal(code, status, `${what}: ${stderr}`);
        assert.match(stderr, says, what);
        assert.doesNotMatch(stderr, /\n\s+at /, what);
        assert.equal(stdout, "", what);
      }

      const history = await runOk("bzzz-agent", ["ucxl", "history", ADDRESS, "--json", "--home", home]);
      assert.equal(history.trim().split("\n").length, 2, "no version was written");
      assert.deepEqual(await contentFiles(home), before, "no content was kept");
    });
  },
});
