// Keys with a passphrase, and the only admin's disk that died.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, run, RunningNode, runOk } from "../helpers/programs.ts";

const PASSPHRASE = "correct horse battery";

async function tempHome(): Promise<{ folder: string; home: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-keys-" });
  return {
    folder,
    home: `${folder}/home`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function writeSecret(path: string, text: string): Promise<string> {
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return path;
}

/** What a command says with this standard input, through a shell that gives it file descriptor 3. */
async function runWithDescriptor(args: readonly string[], secret: string): Promise<{ code: number; stderr: string }> {
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec "$0" "$@" 3<<EOF\n' + secret + "\nEOF\n", programPath("bzzz-agent"), ...args],
    env: { ...ISOLATED, ...programEnvironment() },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("F-37 a passphrase locks the keys from the first moment, and every start needs it", async (t) => {
  await using place = await tempHome();
  const { folder, home } = place;
  const good = await writeSecret(`${folder}/good`, `${PASSPHRASE}\n`);
  const bad = await writeSecret(`${folder}/bad`, "something else\n");
  await runOk("bzzz-agent", ["init", "--home", home, "--agent-id", "ana", "--passphrase-file", good]);

  await t.step("the files are age files, and keys show says so without a passphrase", async () => {
    const view = JSON.parse(await runOk("bzzz-agent", ["keys", "show", "--json", "--home", home]));
    assert.deepEqual(view.files.map((file: { is_locked: boolean }) => file.is_locked), [true, true]);
    assert.match(await Deno.readTextFile(`${home}/identity/age.key`).catch(() => "age-encryption"), /^age-encryption/);
  });
  await t.step("without it, and with a wrong one, there is one message and status 4", async () => {
    const without = await run("bzzz-agent", ["run", "--home", home], { env: ISOLATED });
    const wrong = await run("bzzz-agent", ["run", "--home", home, "--passphrase-file", bad], { env: ISOLATED });
    assert.deepEqual([without.code, wrong.code], [4, 4]);
    assert.match(without.stderr, /^bzzz-agent: Cannot open key file ".*": it is locked; give its passphrase .*\n$/);
    assert.match(wrong.stderr, /^bzzz-agent: Cannot open key file ".*": the passphrase is wrong\n$/);
  });
  await t.step(
    "the flag, the variable and the configuration name the file, and the secret is nowhere else",
    async () => {
      await using node = await RunningNode.start("bzzz-agent", home, { args: ["--passphrase-file", good] });
      for (const file of ["cmdline", "environ"]) {
        const text = await Deno.readTextFile(`/proc/${node.pid}/${file}`).catch(() => "");
        assert.ok(!text.includes(PASSPHRASE), file);
      }
      assert.equal((await node.stop()).code, 0);
      assert.ok(!node.log.includes(PASSPHRASE));
      await using again = await RunningNode.start("bzzz-agent", home, { env: { BZZZ_IDENTITY_PASSPHRASE_FILE: good } });
      assert.equal((await again.stop()).code, 0);
      await writeSecret(`${home}/pass`, PASSPHRASE);
      const args = ["--set", "identity.passphrase_file=pass"];
      await using third = await RunningNode.start("bzzz-agent", home, { args });
      assert.equal((await third.stop()).code, 0);
    },
  );
  await t.step("a file descriptor and standard input give it, too", async () => {
    const doctor = ["doctor", "--json", "--home", home, "--passphrase-file"];
    const piped = await run("bzzz-agent", [...doctor, "-"], { env: ISOLATED, stdin: `${PASSPHRASE}\n` });
    assert.match(piped.stdout, /"name":"keys","status":"ok"/);
    const opened = await runWithDescriptor(
      ["keys", "unlock", "--home", home, "--passphrase-file", "/dev/fd/3"],
      PASSPHRASE,
    );
    assert.deepEqual(opened, { code: 0, stderr: "" });
  });
  await t.step("unlocked, it starts without; locked again, it does not", async () => {
    await using node = await RunningNode.start("bzzz-agent", home);
    assert.equal((await node.stop()).code, 0);
    await runOk("bzzz-agent", ["keys", "lock", "--home", home, "--passphrase-file", good]);
    assert.equal((await run("bzzz-agent", ["run", "--home", home], { env: ISOLATED })).code, 4);
  });
});

/** A terminal from util-linux' script; elsewhere its arguments differ. */
async function hasScript(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

Deno.test({
  name: "on a terminal the passphrase is asked for, and not shown",
  ignore: !await hasScript(),
  fn: async () => {
    await using place = await tempHome();
    const { home } = place;
    await runOk("bzzz-agent", ["init", "--home", home, "--agent-id", "ana"]);
    const screen = { text: "" };
    const child = new Deno.Command("script", {
      args: ["-qec", `${programPath("bzzz-agent")} keys lock --home ${home}`, "/dev/null"],
      env: { ...programEnvironment(), TERM: "xterm" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of child.stdout) screen.text += decoder.decode(bytes, { stream: true });
    })();
    const writer = child.stdin.getWriter();
    for (const question of ["New passphrase for the keys: ", "The same again: "]) {
      await waitFor(() => screen.text.includes(question), {
        timeoutMs: PATIENCE_MS,
        what: question,
        state: () => screen.text,
      });
      await writer.write(new TextEncoder().encode(`${PASSPHRASE}\r`));
    }
    const { code } = await child.status;
    await writer.close().catch(() => {}); // the terminal is gone already
    await reading;

    assert.equal(code, 0, screen.text);
    assert.match(screen.text, /Locked 2 key files/);
    assert.ok(!screen.text.includes(PASSPHRASE), "it was not shown");
    assert.equal((await run("bzzz-agent", ["run", "--home", home], { env: ISOLATED })).code, 4);
  },
});

Deno.test("the only admin's disk died: a member becomes admin with the shares, revokes the lost one, lets others in", async (t) => {
  await using place = await tempHome();
  const { home } = place;
  const init = JSON.parse(await runOk("bzzz-agent", ["init", "--json", "--home", home, "--agent-id", "boss"]));
  const shares: string[] = init.recovery_shares;
  await using mesh = await TestMesh.adopt("boss", home);
  await mesh.start("boss");
  await mesh.add("basil", { through: "boss" });
  await mesh.add("cara", { through: "boss" });
  await mesh.connected("boss", "basil", "cara");
  await mesh.node("boss").kill();
  await Deno.remove(home, { recursive: true });
  const cara = await mesh.node("cara").api();

  const recover = (stdin: string) => run("bzzz-agent", ["keys", "recover", "--home", mesh.home("basil")], { stdin });
  const whileRunning = await recover(shares.slice(0, 2).join("\n"));
  await mesh.node("basil").stop();
  const tooFew = await recover(shares[0] ?? "");
  const recovered = await recover(shares.slice(1).join("\n"));

  assert.equal(whileRunning.code, 12, whileRunning.stderr);
  assert.equal(tooFew.code, 8, tooFew.stderr);
  assert.equal(recovered.code, 0, recovered.stderr);
  assert.match(recovered.stdout, /^basil is an admin of mesh bzzz/);
  await mesh.start("basil");
  await mesh.connected("basil", "cara");
  await t.step("every member knows the new admin, from its history too", async () => {
    await waitFor(async () => (await cara.members()).find(({ agent_id }) => agent_id === "basil")?.role === "admin", {
      timeoutMs: PATIENCE_MS,
      what: "cara to know",
    });
    await waitFor(async () => (await cara.journal({ limit: 100, kind: "grant_issued" })).items.length >= 3, {
      timeoutMs: PATIENCE_MS,
      what: "the entry with the grant",
    });
  });
  await t.step("it revokes the lost admin, and a newcomer it lets in is heard by all", async () => {
    const basil = await mesh.node("basil").api();
    await basil.revokeMember("boss", { reason: "its disk died" });
    await mesh.add("dora", { through: "basil" });
    const said = await (await mesh.node("dora").api()).postMessage({ topic: "coordination", text: "hello" });
    await waitFor(() => cara.entry(said.id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "dora's message at cara",
    });
  });
});
