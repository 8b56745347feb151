// The editor is a real program: a script of the test.
import assert from "node:assert/strict";
import { ManualClock, waitFor } from "@bzzz/base/testing";
import { ProgramEditor, wordsOf } from "./text_editor.ts";

const NOW_MS = Date.UTC(2026, 10, 22);
const ACCEPT = () => undefined;

async function withFolder(
  body: (folder: string, script: (text: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-editor-" });
  await Deno.mkdir(`${folder}/run`, { mode: 0o700 });
  try {
    await body(folder, async (text) => {
      await Deno.writeTextFile(`${folder}/edit`, `#!/bin/sh\n${text}\n`, { mode: 0o700 });
      return `${folder}/edit`;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function editorOf(folder: string, command: string): ProgramEditor {
  return new ProgramEditor({ clock: new ManualClock(NOW_MS) }, { command, folder: `${folder}/run` });
}

async function left(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(`${folder}/run`))).map(({ name }) => name);
}

Deno.test("the text comes back as it was left, from a 0600 file in a 0700 folder, of which nothing stays", async () => {
  await withFolder(async (folder, script) => {
    const path = await script(
      `[ "$1" = -x ] && cp "$2" ${folder}/seen && stat -c '%a' "$2" "$(dirname "$2")" >${folder}/modes && printf 'two\\nlines\\n\\n' >"$2"`,
    );

    const edited = await editorOf(folder, `${path}  -x`).edit("a draft", {
      accept: ACCEPT,
      signal: AbortSignal.timeout(60_000),
    });

    assert.deepEqual(edited, { type: "edited", text: "two\nlines" });
    assert.equal(await Deno.readTextFile(`${folder}/seen`), "a draft\n");
    assert.equal(await Deno.readTextFile(`${folder}/modes`), "600\n700\n");
    assert.deepEqual(await left(folder), []);
  });
});

Deno.test("an editor that fails, or is not there, changes nothing and says how", async () => {
  await withFolder(async (folder, script) => {
    const edit = (command: string) =>
      editorOf(folder, command).edit("x", { accept: ACCEPT, signal: AbortSignal.timeout(60_000) });
    const problemOf = async (command: string) => {
      const edited = await edit(command);
      return edited.type === "failed" ? edited.problem : assert.fail("it was edited");
    };

    assert.equal(await problemOf(await script("exit 3")), "The editor ended with status 3: the line is as it was");
    assert.match(await problemOf(`${folder}/nowhere`), /^Cannot edit: /);
    assert.match(await problemOf(await script('rm "$1"')), /^Cannot edit: /);
    assert.deepEqual(await left(folder), []);
  });
});

Deno.test("a text that is not taken is kept, and its place told; the first one after a day takes it away", async () => {
  await withFolder(async (folder, script) => {
    const path = await script(`head -c 300000 /dev/zero | tr '\\0' x >"$1"`);
    const options = { accept: ACCEPT, signal: AbortSignal.timeout(60_000) };
    const large = await editorOf(folder, path).edit("", options);
    assert.ok(large.type === "failed");
    const file = / kept for a day at least in (.*)$/.exec(large.problem)?.[1] ?? "";
    assert.equal((await Deno.stat(file)).size, 300_000);
    const refused = await editorOf(folder, await script("true")).edit("words", { ...options, accept: () => "no" });
    assert.match(refused.type === "failed" ? refused.problem : "", /^Cannot take the text: no; it is kept/);
    assert.equal((await left(folder)).length, 2);

    const old = new Date(NOW_MS - 25 * 3_600_000);
    for (const name of await left(folder)) await Deno.utime(`${folder}/run/${name}`, old, old);
    await Deno.writeTextFile(`${folder}/run/api.token`, "not a draft");
    await Deno.utime(`${folder}/run/api.token`, old, old);
    await editorOf(folder, await script("true")).edit("words", options);
    assert.deepEqual(await left(folder), ["api.token"]);
  });
});

Deno.test("the end of the portal ends the editor, and keeps the text", async () => {
  await withFolder(async (folder, script) => {
    const path = await script(`printf 'so far' >"$1"; : >${folder}/begun; exec sleep 600`);
    const stopping = new AbortController();
    const editing = editorOf(folder, path).edit("", { accept: ACCEPT, signal: stopping.signal });
    await waitFor(() => Deno.stat(`${folder}/begun`).then(() => true, () => false), {
      timeoutMs: 60_000,
      what: "the editor",
    });

    stopping.abort();
    const edited = await editing;

    const file = edited.type === "failed" ? / kept for a day at least in (.*)$/.exec(edited.problem)?.[1] ?? "" : "";
    assert.equal(await Deno.readTextFile(file), "so far");
  });
});

Deno.test("without an editor, or without the permission, it says how to go on", async () => {
  assert.match(
    await new ProgramEditor({ clock: new ManualClock() }, { command: undefined, folder: "/nowhere" }).refusal() ?? "",
    /none is set; start the portal with BZZZ_EDITOR="\$\{VISUAL:-\$EDITOR\}"$/,
  );
  assert.equal(await editorOf("/nowhere", "sh").refusal(), undefined);
  assert.deepEqual(wordsOf("  vim -u  NONE "), ["vim", "-u", "NONE"]);
});
