// A person's files on the built programs: a template, a wording, a reply, and a mistake with its line.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, run, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const OWN = `id: lunch
title: Ask for lunch
send: { kind: choice, to: all, choices: ["{{one}}", "{{other}}"], stakes: low }
fields:
  - { name: one, required: true }
  - { name: other, required: true }
title_text: "{{one}} or {{other}}?"
body: "What shall it be?"
`;

Deno.test("a template of the person's folder is listed, filled in and sent, and a change of it counts at once", async () => {
  await using mesh = await TestMesh.create("hub");
  const env = { BZZZ_INTERFACE_MESSAGE_TEMPLATES_PATH: "mine" };
  await mesh.join("ana", { program: "bzzz-hap", role: "reviewer", through: "hub", env });
  const home = ["--home", mesh.home("ana")];
  const file = `${mesh.home("ana")}/mine/lunch.yaml`;
  await mesh.start("ana");

  await runOk("bzzz-hap", ["templates", "new", "lunch", "--from", "question", ...home], { env });
  await Deno.writeTextFile(file, OWN);
  const listed = await runOk("bzzz-hap", ["templates", "list", "--json=id,origin", ...home], { env });
  assert.ok(listed.includes(`{"v":1,"id":"lunch","origin":"${file}"}`), listed);
  assert.ok(listed.includes('{"v":1,"id":"review-request","origin":"built in"}'), listed);

  const fill = ["form", "lunch", "--set", "one=soup", "--set", "other=bread", ...home];
  assert.match(await runOk("bzzz-hap", fill, { env }), /^Sent as ask /);
  const [asked] = await (await mesh.node("ana").api()).requests({});
  assert.deepEqual([asked?.title, asked?.choices], ["soup or bread?", ["soup", "bread"]]);

  await Deno.writeTextFile(file, OWN.replace("{{one}} or", "{{first}} or"));
  const refused = await run("bzzz-hap", fill, { env });
  assert.deepEqual([refused.code, /lunch\.yaml:7:\d+.*\{\{first\}\}/s.test(refused.stderr)], [8, true], refused.stderr);
  assert.equal((await run("bzzz-hap", ["templates", "lint", ...home], { env })).code, 8);
  assert.equal((await run("bzzz-hap", ["form", "none", ...home], { env })).code, 3);
});

const WORDING = `id: approve-push
kind: approval
stakes: high
title: { en: "Push to {{ref}}?", de: "Nach {{ref}} übertragen?" }
quick_replies: [{ key: t, deny: "Tests first for {{ref}}." }]
params: { ref: text }
`;

Deno.test("a wording of the person's library is shown beside the asker's words, and a reply of it denies", async () => {
  await using mesh = await TestMesh.create("hub");
  const env = { BZZZ_INTERFACE_PROMPT_LIBRARY_PATH: "mine", LANG: "de_DE.UTF-8" };
  await mesh.join("ana", { program: "bzzz-hap", role: "reviewer", through: "hub", env });
  const home = ["--home", mesh.home("ana")];
  await Deno.mkdir(`${mesh.home("ana")}/mine`);
  await Deno.writeTextFile(`${mesh.home("ana")}/mine/approve-push.yaml`, WORDING);
  await mesh.start("ana");
  await mesh.connected("hub", "ana");
  const ana = await mesh.node("ana").api();
  const ask = ["ask", "--kind", "approval", "--body", "git push", "--wording"];

  await runOk("bzzz-agent", [
    ...ask,
    "approve-push",
    "--param",
    "ref=main",
    "--home",
    mesh.home("hub"),
    "@ana",
    "Go on?",
  ]);
  await runOk("bzzz-agent", [...ask, "trust-me", "--home", mesh.home("hub"), "@ana", "Sell all?"]);
  const [first, second] = await waitFor(async () => {
    const open = await ana.requests({ state: "open" });
    return open.length === 2 ? open.toSorted((a, b) => a.title < b.title ? -1 : 1) : undefined;
  }, { timeoutMs: PATIENCE_MS, what: "both asks" });

  const shown = await runOk("bzzz-hap", ["show", first?.short_id ?? "", ...home], { env });
  assert.match(shown, /high stakes, pending, raised by wording approve-push/);
  assert.match(shown, /of your library; in quotes is the asker's word\n {2}Nach "main" übertragen\?/);
  assert.match(shown, /Title: Go on\?/);
  assert.match(await runOk("bzzz-hap", ["inbox", ...home], { env }), /Sell all\? \(unlisted wording\)/);
  const reply = await run("bzzz-hap", ["prompt", "approve-push", "t", first?.short_id ?? "", ...home], { env });
  assert.equal(reply.code, 0, reply.stderr);
  assert.equal((await ana.request(first?.request_id ?? "")).answer?.reason, 'Tests first for "main".');
  assert.equal((await run("bzzz-hap", ["prompt", "none", "t", second?.short_id ?? "", ...home], { env })).code, 3);
});

Deno.test({
  name: "a view of a running node fills a template in that was written after it had given up the data directory",
  ignore: !await hasTmux(),
  fn: async () => {
    await using mesh = await TestMesh.create("ana", { program: "bzzz-hap" });
    const home = mesh.home("ana");
    await Deno.mkdir(`${home}/templates`);
    const env = { ...programEnvironment(), ...ISOLATED };
    const argv = [programPath("bzzz-hap"), "--home", home];
    await using view = await TmuxWindow.open(argv, { columns: 100, rows: 30, env });
    await view.shows("PEERS");

    await Deno.writeTextFile(`${home}/templates/lunch.yaml`, OWN);
    await view.type("/form lunch");
    await view.press("Enter");
    await view.shows("lunch v1, sends a choice");
    await view.type("soup");
    await view.press("Tab");
    await view.type("bread");
    await view.press("Enter");
    await view.shows("soup or bread?");
    await waitFor(async () => {
      await view.press("Enter"); // not taken before the text could have been read
      return (await view.text()).includes("Sent as ask");
    }, { timeoutMs: PATIENCE_MS, what: "the ask", state: () => view.text() });

    const [asked] = await (await mesh.node("ana").api()).requests({});
    assert.deepEqual(asked?.choices, ["soup", "bread"]);
  },
});
