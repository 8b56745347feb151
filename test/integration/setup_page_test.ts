// The setup of the built programs on a page: left and gone on with, a mesh created, and a person's node that joins it.
import { waitFor } from "@bzzz/base/testing";
import assert from "node:assert/strict";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, RunningNode, runOk } from "../helpers/programs.ts";
import { browse, fillIn, openSetup } from "../helpers/setup_page.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const PASSPHRASE = "correct horse battery";
const ATLAS = { agent_id: "atlas", mesh: "create", mesh_name: "shop", lock_keys: "no", first_port: "0", p2p_port: "0" };

/** Every file below a folder that this user wrote, as text. */
async function textsIn(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory) texts.push(...await textsIn(`${folder}/${name}`));
    else if (isFile) texts.push(await Deno.readTextFile(`${folder}/${name}`).catch(ifGone));
  }
  return texts;
}

/** A node that runs replaces files of its own. */
function ifGone(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "";
  throw error;
}

async function createMesh(home: string): Promise<void> {
  const setup = await openSetup("bzzz-agent", home);
  await fillIn(setup.browser, "/", ATLAS);
  await fillIn(setup.browser, "/confirm", {});
  const shares = await setup.browser.form("/", "/finish");
  await setup.browser.post("/finish", shares.fields);
  assert.equal((await setup.finished).code, 0);
}

Deno.test("S-02 setup --page: left with Ctrl-C and gone on with; its mesh runs", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-setup-" });
  try {
    const left = await openSetup("bzzz-agent", home);
    assert.equal(((await Deno.stat(`${home}/run/page.url`)).mode ?? 0) & 0o777, 0o600);
    const refused = await fillIn(left.browser, "/", { ...ATLAS, agent_id: "At Las" });
    assert.match(refused.text, /expected 2 to 63 of a-z/);
    assert.equal((await fillIn(left.browser, "/", ATLAS)).status, 303);
    left.kill("SIGINT");
    const interrupted = await left.finished;
    assert.equal(interrupted.code, 130, interrupted.stderr);
    assert.doesNotMatch(interrupted.stderr, /code=/);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${home}/run`)), []);

    const setup = await openSetup("bzzz-agent", home);
    assert.match((await setup.browser.get("/")).text, /name="agent_id"[^>]* value="atlas"/);
    const plan = await setup.browser.get("/confirm");
    assert.match(plan.text, /Create mesh shop with you as atlas/);
    assert.match(plan.text, /<span class="added">\+ {2}http_port: 0/);
    assert.equal((await fillIn(setup.browser, "/confirm", {})).status, 303);
    const shown = await setup.browser.get("/");
    assert.equal(shown.text.match(/aria-label="Share \d"/g)?.length, 3);
    const shares = await setup.browser.form("/", "/finish");
    assert.match((await setup.browser.post("/finish", shares.fields)).text, /You can close this page/);
    const done = await setup.finished;
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^Set up as atlas\nConfiguration: /);

    await using node = await RunningNode.start("bzzz-agent", home, {});
    assert.equal((await (await node.api()).status()).mesh.name, "shop");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test({
  name:
    "bzzz-hap run in a terminal: a data directory without a mesh gets the page first, joins, and runs with locked keys",
  ignore: !await hasTmux(),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "bzzz-setup-" });
    const [atlas, ana] = [`${folder}/atlas`, `${folder}/ana`];
    try {
      await createMesh(atlas);
      await using _node = await RunningNode.start("bzzz-agent", atlas, {});
      const token = (await runOk("bzzz-agent", ["invite", "--home", atlas, "--role", "reviewer"])).trim();
      await using view = await TmuxWindow.open([programPath("bzzz-hap"), "run", "--home", ana], {
        columns: 140,
        rows: 40,
        env: { ...programEnvironment(), ...ISOLATED, BZZZ_PORTS_ADMIN_UI_PORT: "0" },
      });
      await view.shows("Set this node up on a page");
      const link = /http:\/\/127\.0\.0\.1:\d+\/login\?code=\S+/.exec(await view.text())?.[0] ?? "";
      const browser = await browse(link);
      const answers = {
        agent_id: "ana",
        mesh: "join",
        lock_keys: "yes",
        first_port: "0",
        p2p_port: "0",
        interface: "plain",
      };
      assert.equal((await fillIn(browser, "/", answers)).status, 303);
      const short = await fillIn(browser, "/confirm", { token, passphrase: "short", passphrase_again: "short" });
      assert.match(short.text, /id="passphrase-problem">Cannot lock the keys: the passphrase has fewer than 8/);
      const secrets = { token, passphrase: PASSPHRASE, passphrase_again: PASSPHRASE };
      assert.equal((await fillIn(browser, "/confirm", secrets)).headers.get("location"), "/");
      const shares = (await browser.get("/")).text.match(/bzzz-share1-[0-9a-z-]+/gi) ?? [];
      assert.equal(shares.length, 3);
      const check = await browser.form("/", "/check");
      const copy = { share_1: shares[2] ?? "", share_2: shares[0] ?? "" };
      assert.match((await browser.post("/check", { ...check.fields, ...copy })).text, /Your copy is right/);
      const finish = await browser.form("/", "/finish");
      assert.match((await browser.post("/finish", finish.fields)).text, /You can close this page/);

      await view.shows("BZZZ Human Agent Portal started");
      const status = await waitFor(
        async () => JSON.parse(await runOk("bzzz-hap", ["status", "--json", "--home", ana])),
        {
          timeoutMs: PATIENCE_MS,
          what: "its status",
        },
      );
      assert.equal(status.node.agent_id, "ana");
      for (const text of [...await textsIn(ana), await view.text()]) {
        const kept: readonly string[] = [token, PASSPHRASE, ...shares];
        assert.equal(kept.some((secret) => text.includes(secret)), false, "a secret was kept");
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
