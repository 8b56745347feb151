import assert from "node:assert/strict";

/** What a view can still do, started with the flags of the self-extracting build and these folders. */
async function leftOf(
  home: string,
  folders: readonly string[],
  { run = "--allow-run", editor }: { readonly run?: string; readonly editor?: string } = {},
): Promise<Record<string, boolean>> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-env",
      run,
      "--allow-sys",
      `--allow-read=${folders.join(",")}`,
      `--allow-write=${folders.join(",")}`,
      new URL("./testdata/view_process.ts", import.meta.url).pathname,
      home,
      ...(editor === undefined ? [] : [editor]),
    ],
    env: { PATH: "/usr/bin:/bin" }, // where a name without a path is looked for
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

Deno.test("a view keeps the socket, the tokens and the templates, and can neither read the keys nor start anything", async () => {
  const home = await Deno.realPath(await Deno.makeTempDir({ prefix: "bzzz-drop-" }));
  try {
    for (const folder of ["run", "identity", "templates"]) await Deno.mkdir(`${home}/${folder}`);
    await Deno.writeTextFile(`${home}/run/api.token`, "token");
    await Deno.writeTextFile(`${home}/identity/key`, "key");
    await Deno.writeTextFile(`${home}/templates/a.yaml`, "id: a");

    assert.deepEqual(await leftOf(home, [home, `${home}/run`, `${home}/templates`]), {
      socket: true,
      token: true,
      key: false,
      templates: true,
      write: false,
      env: false,
      run: false,
      editor: false,
      sys: false,
    });
    assert.equal((await leftOf(home, [home]))["socket"], false, "not given by name: the view takes the port");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("a view that was started with one program, the editor, may start that and nothing else", async () => {
  const home = await Deno.realPath(await Deno.makeTempDir({ prefix: "bzzz-drop-" }));
  try {
    const programs = async (run: string, editor?: string) => {
      const can = await leftOf(home, [home], { run, ...(editor === undefined ? {} : { editor }) });
      return [can["run"], can["editor"]];
    };
    assert.deepEqual(await programs("--allow-run=/usr/bin/env", "/usr/bin/env"), [false, true]);
    assert.deepEqual(await programs("--allow-run=/usr/bin/env", "env"), [false, true], "by its name");
    assert.deepEqual(await programs("--allow-run=/usr/bin/env", "/bin/sh"), [false, false], "not another one");
    assert.deepEqual(await programs("--allow-run=/usr/bin/env"), [false, false], "nor where none is set");
    assert.deepEqual(await programs("--allow-run", "/usr/bin/env"), [false, false], "all is more than one");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
