import assert from "node:assert/strict";
import { EXIT_STATUSES } from "./exit.ts";
import { renderManPage } from "./mod.ts";
import { TEST_PROGRAM } from "./testing.ts";

const PAGE = renderManPage(TEST_PROGRAM);

async function hasMandoc(): Promise<boolean> {
  try {
    await new Deno.Command("mandoc", { args: ["-Tlint", "/dev/null"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false; // output() throws at once where there is no such program
  }
}

/** What a reader sees of the page. */
function read(page: string): string {
  return page.replaceAll("\\-", "-").replaceAll("\\&", "").replaceAll("\\e", "\\");
}

Deno.test("the man page has every command, flag and exit status", () => {
  const lines = new Set(read(PAGE).split("\n"));
  for (const { name, flags } of TEST_PROGRAM.commands) {
    assert.ok([...lines].some((line) => line === `.B ${name}` || line.startsWith(`.B ${name} `)), name);
    for (const flag of flags ?? []) {
      assert.ok([...lines].some((line) => line.startsWith(`.B --${flag.name}`)), flag.name);
    }
  }
  for (const { status } of EXIT_STATUSES) assert.ok(lines.has(`.B ${status}`), `${status}`);
});

Deno.test("no text of the table is taken for a macro of the page", () => {
  const MACROS = /^\.(TH|SH|TP|IP|B|RS|RE)( |$)/;
  for (const line of PAGE.split("\n")) assert.ok(!/^[.']/.test(line) || MACROS.test(line), line);

  const [command] = TEST_PROGRAM.commands;
  assert.ok(command);
  const summary = ".so /etc/passwd";
  const page = renderManPage({ ...TEST_PROGRAM, commands: [{ ...command, summary, details: "'a\\b\n\n.de x" }] });
  assert.match(page, /^\\&\.so \/etc\/passwd\.$/m);
  assert.match(page, /^\\&'a\\eb$/m);
  assert.match(page, /^\\&\.de x$/m);
});

Deno.test({
  name: "mandoc has nothing to say against the man page",
  ignore: !await hasMandoc(),
  fn: async () => {
    const child = new Deno.Command("mandoc", { args: ["-Tlint", "-Wwarning"], stdin: "piped", stdout: "piped" })
      .spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${PAGE}\n`));
    await writer.close();
    const { stdout } = await child.output();
    const said = new TextDecoder().decode(stdout).split("\n").filter((line) => line.trim() !== "");
    // the same source gives the same page on every day
    assert.deepEqual(said.filter((line) => !line.includes("missing date")), []);
  },
});
