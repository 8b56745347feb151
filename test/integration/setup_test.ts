// The setup of the built programs: from a file, in a terminal, and what is there already.
import { waitFor } from "@bzzz/base/testing";
import assert from "node:assert/strict";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, run, RunningNode, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-setup-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("S-02 F-18 setup --from: a mesh, a second node that joins it, and a change that is shown before it is made", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/atlas.yaml`, "agent_id: atlas\nmesh_name: shop\nfirst_port: 0\np2p_port: 0\n");
    const [atlas, ana] = [`${folder}/atlas`, `${folder}/ana`];
    const made = await run("bzzz-agent", ["setup", "--home", atlas, "--from", `${folder}/atlas.yaml`]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /Create mesh shop with you as atlas/);
    assert.match(made.stderr, /^\+ {2}http_port: 0$/m);
    assert.equal(((await Deno.stat(`${atlas}/config.yaml`)).mode ?? 0) & 0o777, 0o600);
    await runOk("bzzz-agent", ["validate", `${atlas}/config.yaml`]);

    await using _node = await RunningNode.start("bzzz-agent", atlas, {});
    const token = await runOk("bzzz-agent", ["invite", "--home", atlas, "--role", "reviewer"]);
    await Deno.writeTextFile(
      `${folder}/ana.yaml`,
      "agent_id: ana\nmesh: join\ninterface: web\nfirst_port: 0\np2p_port: 0\n",
    );
    const joined = await run("bzzz-hap", ["setup", "--home", ana, "--from", `${folder}/ana.yaml`], { stdin: token });
    assert.equal(joined.code, 0, joined.stderr);
    assert.match(joined.stderr, /Joined mesh shop as ana, reviewer/);
    assert.match(joined.stdout, /^Recovery shares of your key \(any 2 of 3 restore it\):$/m);
    const shares = joined.stdout.match(/^bzzz-share1-.*$/gm) ?? [];
    const lost = `${folder}/lost`; // the sheet makes the same key on another machine
    const restored = await run("bzzz-hap", ["identity", "restore", "--home", lost, "--shares-file", "-"], {
      stdin: shares.slice(1).join("\n"),
    });
    const words = /in six words: (.*)/;
    assert.equal(words.exec(restored.stdout)?.[1], words.exec(joined.stdout)?.[1] ?? "none", restored.stderr);

    const paper = `${folder}/shares.txt`; // and the setup of a new device of the same person takes it
    await Deno.writeTextFile(paper, shares.slice(0, 2).join("\n"), { mode: 0o600 });
    await Deno.writeTextFile(
      `${folder}/second.yaml`,
      "agent_id: ana-2\nmesh: join\nown_key: restore\nfirst_port: 0\np2p_port: 0\n",
    );
    const again = await runOk("bzzz-agent", ["invite", "--home", atlas, "--role", "reviewer"]);
    const second = await run(
      "bzzz-hap",
      ["setup", "--home", `${folder}/second`, "--from", `${folder}/second.yaml`, "--shares-file", paper],
      { stdin: again },
    );
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, new RegExp(`key of these words: ${words.exec(joined.stdout)?.[1]}`));
    assert.match(second.stderr, new RegExp(`Your key, in six words: ${words.exec(joined.stdout)?.[1]}`));

    await Deno.writeTextFile(`${folder}/change.yaml`, "interface: plain\nfirst_port: 0\np2p_port: 0\n");
    const change = ["setup", "--home", ana, "--from", `${folder}/change.yaml`];
    const before = await Deno.readTextFile(`${ana}/config.yaml`);
    const refused = await run("bzzz-hap", change);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^- {2}mode: web\n\+ {2}mode: plain$/m);
    assert.equal(await Deno.readTextFile(`${ana}/config.yaml`), before);
    assert.equal((await run("bzzz-hap", [...change, "--yes"])).code, 0);
    assert.match(await Deno.readTextFile(`${ana}/config.yaml`), /^ {2}mode: plain$/m);
  });
});

Deno.test({
  name: "setup in a terminal: left and gone on with, then practice with the tutor",
  ignore: !await hasTmux(),
  fn: async () => {
    await withFolder(async (home) => {
      const env = { ...programEnvironment(), ...ISOLATED };
      const open = () =>
        TmuxWindow.open([programPath("bzzz-hap"), "setup", "--home", home], { columns: 140, rows: 60, env });
      const enter = async (view: TmuxWindow, line: string) => {
        if (line !== "") await view.type(line);
        await view.press("Enter");
      };
      {
        await using view = await open();
        await view.shows("Your name in the mesh");
        await enter(view, "Ana Maria");
        await view.shows("expected 2 to 63 of a-z");
        await enter(view, "ana");
        await view.shows("create or join [create]");
        await view.press("C-c");
        await waitFor(async () => await view.variable("pane_dead") === "1", {
          timeoutMs: PATIENCE_MS,
          what: "its end",
        });
      }
      await using view = await open();
      await view.shows("Going on with the setup that was left");
      await view.shows("create or join [create]");
      for (const line of ["", "shop", "no", "", "", "0", "0", "plain", "yes", "no"]) await enter(view, line);
      await view.shows("Do this? yes or no:");
      await enter(view, "yes");
      await view.shows("Passphrase of your own key (Enter: none)");
      await enter(view, "");
      await view.shows("Check your copy: share 1 of 2");
      const sheet = (await view.text()).match(/bzzz-share1-\S+/g)?.slice(-2) ?? [];
      await enter(view, sheet[0]?.replace(/.$/, (end) => end === "0" ? "1" : "0") ?? "");
      await view.shows("Check your copy: share 2 of 2");
      await enter(view, sheet[1] ?? "");
      await view.shows("Once more");
      for (const share of sheet) await enter(view, share);
      await view.shows("Your copy is right: it restores your key");
      await view.shows("Practise with three asks");
      await enter(view, "");
      await view.shows("type approve 7KQ2 d0aa");
      await enter(view, "approve 7KQ2 d0aa");
      await view.shows("Approved ask 7KQ2, once");
      await enter(view, "deny 7KPZ it would delete everything");
      await view.shows("The agent is told: it would delete everything");
      await enter(view, "answer 7KNB squash");
      await view.shows("That is all there is to it.");
      assert.equal(await view.end(), "0");
    });
  },
});
