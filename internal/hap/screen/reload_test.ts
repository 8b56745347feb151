import assert from "node:assert/strict";
import { createLibraries } from "../libraries.ts";
import { defaultKeymap, parseKeymap } from "./keymap/keymap.ts";
import { formatIssues } from "@bzzz/config";
import { reload } from "./reload.ts";
import { startTestScreen } from "./testing.ts";

/** Folders of a person, with what is wrong in them. */
async function withFiles(work: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-reload-" });
  try {
    for (const folder of ["templates", "prompts"]) await Deno.mkdir(`${home}/${folder}`);
    await work(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function librariesIn(home: string): ReturnType<typeof createLibraries> {
  return createLibraries({
    templates: `${home}/templates`,
    prompts: `${home}/prompts`,
    policy: `${home}/policy.yaml`,
  });
}

Deno.test("reload() tells what is wrong in each file with its line, and keeps the key map of before", async () => {
  await withFiles(async (home) => {
    await Deno.writeTextFile(`${home}/templates/weekly.yaml`, "id: weekly\nversion: 1\nnonsense: 1\n");
    await Deno.writeTextFile(`${home}/prompts/push.yaml`, "id: push\nversion: one\n");
    await Deno.writeTextFile(`${home}/policy.yaml`, "version: 1\nrules:\n  - match: {}\n    do: perhaps\n");

    const { keymap, lines } = await reload(librariesIn(home), () => {
      throw new TypeError("keys.yaml:3: no such key");
    });

    const text = lines.join("\n");
    assert.equal(keymap, undefined);
    assert.match(text, /Key map: the one before stays\. keys\.yaml:3/);
    assert.match(text, /Templates: 0 of yours, 1 that cannot be used\n.*weekly\.yaml:\d+/);
    assert.match(text, /Prompts: 0 of yours, 1 that cannot be used\n.*push\.yaml:\d+/);
    assert.match(text, /Policy: people are asked, it cannot be used:\n.*policy\.yaml:\d+/);
  });
});

Deno.test("reload() where all is well, and where there is nothing", async () => {
  await withFiles(async (home) => {
    await Deno.writeTextFile(`${home}/policy.yaml`, "version: 1\nrules: []\n");

    const well = await reload(librariesIn(home), () => defaultKeymap());
    await Deno.remove(`${home}/policy.yaml`);
    const gone = await reload(librariesIn(home), () => defaultKeymap());
    const none = await reload(
      createLibraries({ templates: `${home}/no`, prompts: `${home}/no` }),
      () => defaultKeymap(),
    );

    assert.ok(well.keymap);
    assert.deepEqual(well.lines, [
      "Key map: in force",
      "Templates: 0 of yours, 0 that cannot be used",
      "Prompts: 0 of yours, 0 that cannot be used",
      "Policy: valid, 0 rules; the node takes it within 2 s",
    ]);
    assert.match(gone.lines.at(-1) ?? "", /people are asked, there is no/);
    assert.match(none.lines.join("\n"), /There is no folder .*\/no[\s\S]*Policy: none/);
  });
});

Deno.test("/reload on the screen: a new key counts at once, a mistake is told and changes nothing; /theme draws anew", async () => {
  let text = "version: 1\nkeys:\n  keys: alt+k\n";
  await using screen = await startTestScreen({
    loadKeymap: () => {
      const { keymap, issues } = parseKeymap(text, "keys.yaml");
      if (!keymap) throw new TypeError(formatIssues(issues));
      return keymap;
    },
  });
  await screen.press("/reload", "\r");
  await screen.shows("Key map: in force");
  await screen.press("\x1b", "\x1bk");
  await screen.shows("Keys - ");

  text = "version: 1\nkeys:\n  keys: ctrl+m\n";
  await screen.press("\x1b", "/reload", "\r");
  await screen.shows(/keys\.yaml:3:\d+/);
  await screen.press("\x1b", "\x1bk");
  await screen.shows("Keys - ");

  const before = screen.terminal.written.length;
  await screen.press("\x1b", "/theme contrast", "\r");
  await screen.shows("Theme contrast, on this screen");
  // deno-lint-ignore no-control-regex -- colours are looked at
  assert.match(screen.terminal.written.slice(before), /\x1b\[[0-9;]*97;40m/);
});

Deno.test("/policy test on the screen says what the policy says to an ask, and by which rule", async () => {
  await withFiles(async (home) => {
    const rule = "  - { id: no-push, match: { action: repo.push }, do: deny, reason: not today }\n";
    await Deno.writeTextFile(`${home}/policy.yaml`, `version: 1\nrules:\n${rule}`);
    await using screen = await startTestScreen({ libraries: librariesIn(home), size: { columns: 110, rows: 30 } });
    const ask = screen.mesh.openRequest({
      kind: "approval",
      allow: ["approve", "deny"],
      action: { verb: "repo.push", target: "", args: [], effect: "" },
    });
    await screen.shows("1 ask !");

    await screen.press(`/policy test ${ask.request_id}`, "\r");

    await screen.shows(/Ask \w+: deny, \w+ stakes, by .*no-push.*not today/);
  });
});
