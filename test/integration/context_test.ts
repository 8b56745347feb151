// Context on built programs: written on one node, read on another by its role, refused to the others (S-18, S-19).
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { filesWith } from "../helpers/needles.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { type Finished, runOk } from "../helpers/programs.ts";

const PLAN = "ucxl://anna:developer@test:checkout/docs/plan.md";
const SECRET = "the marker b41f of nobody else";

/** The verb as soon as it succeeds: an entry and a role's key take a moment to arrive. */
async function eventually(mesh: TestMesh, name: string, args: readonly string[], stdin?: string): Promise<string> {
  let last: Finished | undefined;
  await waitFor(async () => (last = await mesh.command(name, args, stdin)).code === 0, {
    timeoutMs: PATIENCE_MS,
    what: `${args.join(" ")} on ${name}`,
    state: () => last?.stderr ?? "",
  });
  return last?.stdout ?? "";
}

Deno.test("S-18, S-19 context goes from node to node, in every version, to those it is meant for", async (t) => {
  await using mesh = await TestMesh.create("anna");
  await mesh.add("bert", { through: "anna" });
  await mesh.add("cleo", { through: "anna", role: "observer", program: "bzzz-hap" });
  await mesh.connected("anna", "bert", "cleo");

  await t.step("put on one node, get, history and diff on another", async () => {
    await eventually(mesh, "anna", ["ucxl", "put", PLAN, "--audience", "developer"], "one\ntwo\n");
    await mesh.commandOk("anna", ["ucxl", "put", PLAN, "--audience", "developer"], "one\n2\n");

    assert.equal(
      await eventually(mesh, "bert", ["ucxl", "get", PLAN.replace("checkout/", "checkout/*~2/")]),
      "one\n2\n",
    );
    assert.equal(
      await mesh.commandOk("bert", ["ucxl", "get", PLAN.replace("checkout/", "checkout/~~/")]),
      "one\ntwo\n",
    );
    const history = (await mesh.commandOk("bert", ["ucxl", "history", PLAN, "--json"])).trim().split("\n");
    assert.deepEqual(history.map((line) => JSON.parse(line)).map((one) => [one.n, one.author.agent_id]), [
      [1, "anna"],
      [2, "anna"],
    ]);
    assert.match(await mesh.commandOk("bert", ["ucxl", "diff", PLAN]), /\n-two\n\+2\n/);
    assert.match(await mesh.commandOk("bert", ["ucxl", "search", "one"]), /plan\.md \(version 2\)/);
    const past = await mesh.command("bert", ["ucxl", "get", PLAN.replace("checkout/", "checkout/~~7/")]);
    assert.equal(past.code, 3);
    assert.match(past.stderr, /versions 1 to 2; the nearest is 1/);
  });

  await t.step("what is meant for others is refused, and is in no file of the node", async () => {
    const address = PLAN.replace("plan", "secret");
    await mesh.commandOk("anna", ["ucxl", "put", address, "--audience", "developer"], SECRET);

    await eventually(mesh, "cleo", ["ucxl", "history", address]);
    assert.equal(await eventually(mesh, "bert", ["ucxl", "get", address]), SECRET);
    const refused = await mesh.command("cleo", ["ucxl", "get", address]);
    assert.equal(refused.code, 4, refused.stderr);
    assert.deepEqual(await filesWith(mesh.home("cleo"), SECRET), []);
  });

  await t.step("conditional writes, deletion, export and import", async () => {
    const { revision } = JSON.parse(await mesh.commandOk("bert", ["ucxl", "get", PLAN, "--json"]));
    await mesh.commandOk("bert", ["ucxl", "put", PLAN, "three", "--if-match", revision]);
    assert.equal((await mesh.command("bert", ["ucxl", "put", PLAN, "four", "--if-match", revision])).code, 8);
    await eventually(mesh, "anna", ["ucxl", "get", PLAN.replace("checkout/", "checkout/*~3/")]);
    await mesh.commandOk("anna", ["ucxl", "rm", PLAN]);
    await waitFor(async () => (await mesh.command("bert", ["ucxl", "get", PLAN])).code === 3, {
      timeoutMs: PATIENCE_MS,
      what: "the deletion at bert",
    });
    assert.equal((await mesh.command("bert", ["ucxl", "import", PLAN], "no age file")).code, 8);
    const exported = await mesh.commandOk("bert", ["ucxl", "export", PLAN.replace("checkout/", "checkout/*~3/")]);
    assert.ok(exported.startsWith("age-encryption.org/v1\n"));
  });

  await t.step("bad input of every kind: one message, a status, no stack", async () => {
    const cases: readonly [args: string[], status: number, says: RegExp][] = [
      [["ucxl", "get", "ucxl://anna:developer@test"], 8, /at character 27 \(project\) found the end/],
      [["ucxl", "get", "http://x"], 8, /\n {2}http:\/\/x\n {2}\^/],
      [["ucxl", "put", "ucxl://any:x@y:z", "text"], 8, /wildcard/],
      [["ucxl", "put", PLAN, "x", "--audience", "wizard"], 8, /no role "wizard"/],
      [["ucxl", "diff", PLAN, "later"], 8, /temporal/],
      [["ucxl", "get", `${PLAN}x`], 3, /no version/],
      [["ucxl", "get"], 2, /address is missing/],
      [["ucxl", "search"], 2, /words is missing/],
      [["decide", "show", PLAN.replace("docs", "decisions")], 3, /no version/],
      [["decide", "vote", PLAN, "perhaps"], 2, /approve/],
    ];
    for (const [args, status, says] of cases) {
      const { code, stderr } = await mesh.command("anna", args);
      assert.equal(code, status, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });

  await t.step("a decision: proposed by one, closed by the binding vote of another", async () => {
    await mesh.add("dora", { through: "anna", role: "architect", program: "bzzz-hap" });
    const proposed = JSON.parse(await mesh.commandOk("bert", ["decide", "propose", "Use a queue", "--json"]));
    const { address } = proposed.version;
    await eventually(mesh, "dora", ["decide", "vote", address, "reject", "--reason", "too early"]);
    await waitFor(
      async () => JSON.parse(await mesh.commandOk("bert", ["decide", "show", address, "--json"])).state === "rejected",
      {
        timeoutMs: PATIENCE_MS,
        what: "the vote at bert",
      },
    );
    assert.match(
      await mesh.commandOk("bert", ["decide", "show", address]),
      /rejected by dora[\s\S]*binding\): too early/,
    );
  });

  await t.step(
    "a patch: created by one, approved by another, submitted by the first where it was made for",
    async () => {
      const target = PLAN.replace("plan", "prices");
      await mesh.commandOk("anna", ["ucxl", "put", target, "--audience", "developer"], "tea 1\n");
      await eventually(mesh, "bert", ["ucxl", "get", target]);
      const args = ["patch", "create", target, "--title", "Dearer tea", "--kind", "docs", "--json"];
      const { address } = JSON.parse(await mesh.commandOk("bert", args, "tea 2\n"));
      assert.match(await eventually(mesh, "dora", ["patch", "show", address]), /State: open[^]*\n-tea 1\n\+tea 2/);
      assert.equal((await mesh.command("bert", ["patch", "submit", address])).code, 8);
      await eventually(mesh, "dora", ["patch", "review", address, "approve"]);
      await eventually(mesh, "bert", ["patch", "submit", address]);
      await waitFor(async () => (await mesh.commandOk("anna", ["ucxl", "get", target])) === "tea 2\n", {
        timeoutMs: PATIENCE_MS,
        what: "the new price at anna",
      });
      await waitFor(
        async () => JSON.parse(await mesh.commandOk("anna", ["patch", "list", "--json"])).state === "submitted",
        {
          timeoutMs: PATIENCE_MS,
          what: "the patch at anna",
        },
      );
    },
  );

  await t.step("what the nodes wrote to standard error was theirs: a greeting, and records", () => {
    for (const name of ["anna", "bert", "cleo"]) {
      const foreign = mesh.node(name).log.split("\n").filter((line) =>
        !/^$|^\{|^BZZZ |^(Node|Agent) ID: |^Log: /.test(line)
      );
      assert.deepEqual(foreign, [], name);
    }
  });

  await t.step("S-31 kill -9: what was acknowledged is there, and the chain holds", async () => {
    const address = PLAN.replace("plan", "after");
    await mesh.commandOk("anna", ["ucxl", "put", address], "kept");
    await mesh.node("anna").kill();
    await mesh.start("anna");
    assert.equal(await mesh.commandOk("anna", ["ucxl", "get", address]), "kept");
    await mesh.node("anna").stop();
    await mesh.verify("anna");
  });
});

Deno.test("the programs say what they have of context", async () => {
  for (const program of ["bzzz-agent", "bzzz-hap"] as const) {
    const help = await runOk(program, ["help"]);
    for (const name of ["ucxl get", "ucxl put", "ucxl search", "decide vote", "patch submit"]) {
      assert.ok(help.includes(name), name);
    }
  }
});
