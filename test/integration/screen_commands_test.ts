// Threads, and what a view reads anew, with the built portal in a real terminal.
import assert from "node:assert/strict";
import { ISOLATED, programEnvironment, programPath, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const ENV = { ...programEnvironment(), ...ISOLATED };

Deno.test({
  name:
    "a thread is begun by an answer, is the same in another view and in a shell, and /reload tells mistakes in a view",
  ignore: !await hasTmux(),
  fn: async () => {
    const home = await Deno.makeTempDir({ prefix: "bzzz-thread-" });
    try {
      await runOk("bzzz-hap", ["init", "--home", home, "--agent-id", "ana"]);
      const settings = "interface:\n  keymap_path: keys.yaml\n  policy_path: policy.yaml\n";
      const config = await Deno.readTextFile(`${home}/config.yaml`);
      await Deno.writeTextFile(`${home}/config.yaml`, config.replace("interface:\n", settings));
      await Deno.writeTextFile(`${home}/keys.yaml`, "version: 1\n");
      const rule = "  - { id: no-push, match: { action: repo.push }, do: deny, reason: not today }\n";
      await Deno.writeTextFile(`${home}/policy.yaml`, `version: 1\nrules:\n${rule}`);
      const open = () =>
        TmuxWindow.open([programPath("bzzz-hap"), "--home", home], { columns: 110, rows: 30, env: ENV });
      await using node = await open();
      await node.shows("PEERS");
      await using second = await open();
      await second.shows("PEERS");

      await node.type("which tea?");
      await node.press("Enter");
      await second.shows(/ana +which tea\?/);
      await second.press("M-t");
      await second.shows(/>message\/[0-9a-f]{6}/);
      await second.type("green");
      await second.press("Enter");
      await node.shows(/ana +> green/);
      await node.press("M-t");
      await node.shows(/>message\/[0-9a-f]{6}/);
      await node.shows(/which tea\?[\s\S]*green/);
      const entries = (await runOk("bzzz-hap", ["tail", "--no-follow", "--json", "--home", home])).trim().split("\n")
        .map((line) => JSON.parse(line));
      const root = entries.find(({ body }) => body?.text === "which tea?");
      assert.equal(entries.find(({ body }) => body?.text === "green")?.thread, `message/${root?.id}`);
      await runOk("bzzz-hap", ["thread", root.id, "or", "black", "--home", home]);
      await second.shows(/green[\s\S]*or black/);
      const told = await runOk("bzzz-hap", ["thread", `message/${root.id}`, "--home", home]);
      assert.match(told, /which tea\?[\s\S]*green[\s\S]*or black/);

      await Deno.writeTextFile(`${home}/keys.yaml`, "version: 1\nkeys:\n  inbox: ctrl+m\n");
      await second.type("/reload");
      await second.press("Enter");
      await second.shows(/keys\.yaml:3:\d+/);
      await second.shows("Policy: valid, 1 rules");
      await Deno.writeTextFile(`${home}/keys.yaml`, "version: 1\nkeys:\n  inbox: alt+i\n");
      await second.type("q/reload");
      await second.press("Enter");
      await second.shows("Key map: in force");
      await second.press("q", "M-i");
      await second.shows("Inbox");
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});
