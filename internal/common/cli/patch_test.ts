import assert from "node:assert/strict";
import { ApiClient, createApi, type StatusView } from "@bzzz/api";
import { FakeMesh, TEST_WRITE_TOKEN } from "@bzzz/api/testing";
import { utf8Decode, utf8Encode } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createTestContext } from "@bzzz/context/testing";
import { ApiError } from "@bzzz/http";
import { createNullLogger } from "@bzzz/logging";
import { UCXI_BASE } from "@bzzz/ucxi";
import { createTestUcxi } from "@bzzz/ucxi/testing";
import { parseConcrete, parsePatch } from "@bzzz/ucxl";
import { createTimeFormat, runCommandLine, ShownVersions } from "./mod.ts";
import { MemorySink, TEST_PROGRAM } from "./testing.ts";

const PLAN = "ucxl://ana:admin@shop:checkout/*^/docs/plan.md";

/** The node of the context server in memory. */
class BasilsMesh extends FakeMesh {
  override async status(): Promise<StatusView> {
    const status = await super.status();
    return { ...status, node: { ...status.node, agent_id: "basil", role: "developer" } };
  }
}

function startShell(
  options: Parameters<typeof createTestUcxi>[0] & {
    readonly ask?: (question: string) => Promise<string>;
    readonly shown?: ShownVersions;
  } = {},
) {
  const { ask, shown, ...rest } = options;
  const ucxi = createTestUcxi(rest);
  const { clock } = ucxi.node;
  const random = createSeededRandom(1);
  const mesh = new BasilsMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
  });
  const fetch = (request: Request) =>
    new URL(request.url).pathname.startsWith(UCXI_BASE) ? ucxi.server.fetch(request) : api.fetch(request);
  const client = new ApiClient({ fetch, clock, random }, { baseUrl: "http://localhost", token: TEST_WRITE_TOKEN });
  const run = async (...argv: readonly string[]) => {
    const [out, err] = [new MemorySink(), new MemorySink()];
    const status = await runCommandLine(TEST_PROGRAM, argv, {
      surface: "shell",
      out,
      err,
      clock,
      format: createTimeFormat("UTC"),
      signal: new AbortController().signal,
      connect: () => Promise.resolve(client),
      readBytes: () => Promise.resolve(utf8Encode("from input\n")),
      ...(ask ? { ask } : {}),
      ...(shown ? { shown } : {}),
    });
    return { status, out: out.text, err: err.text };
  };
  return {
    ucxi,
    mesh,
    run,
    /** The only object that a verb gives. */
    json: async (...argv: readonly string[]) => {
      const { status, out, err } = await run(...argv, "--json");
      assert.equal(status, 0, err);
      return JSON.parse(out);
    },
    content: async (address: string) => utf8Decode((await ucxi.client.get(address)).bytes),
    [Symbol.asyncDispose]: async () => {
      api.close();
      await ucxi[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a patch is created, reviewed, submitted and tracked", async () => {
  await using shell = startShell();
  const { ucxi, run, json, mesh, content } = shell;
  await ucxi.client.put(PLAN, utf8Encode("use cash\n"), { mediaType: "text/markdown", audience: ["developer"] });

  const { address, decision } = await json(
    ...["patch", "create", PLAN, "use", "cards", "--title", "Cards!", "--kind", "docs", "--summary", "Tested by hand."],
  );
  assert.match(address, /^ucxl:\/\/basil:developer@shop:checkout\/\*\^\/patches\/\d{4}-\d\d-\d\d-cards\.json$/);
  assert.match(
    String(mesh.entries.at(-1)?.body?.["text"]),
    /^Patch for review \(docs\): ucxl:.*cards\.json changes ucxl:/,
  );
  assert.equal(await content(PLAN), "use cash\n", "offering changes nothing");
  const shown = (await run("patch", "show", address)).out;
  assert.match(
    shown,
    /Patch: Cards!\n.*\nKind: docs\nFrom: basil\nChanges: .*plan\.md\n.*\nState: open\nVotes: 0\+ 0-\n/,
  );
  assert.match(shown, / {2}Tested by hand\.\n\n@@ .* @@\n-use cash\n\+use cards/);

  const early = await run("patch", "submit", address);
  assert.deepEqual([early.status, /it is open; only an approved one/.test(early.err)], [8, true]);
  assert.match(
    (await run("patch", "review", address, "approve", "--reason", "reads well")).out,
    /the patch is approved/,
  );
  assert.equal((await ucxi.client.decision(decision)).votes[0]?.reason, "reads well");
  assert.match((await run("patch", "list")).out, /^STATE .*\napproved +1\+ 0- +docs +Cards! +ucxl:/);

  const { submitted } = await json("patch", "submit", address);
  assert.equal(await content(PLAN), "use cards");
  assert.equal(await content(submitted), "use cards");
  const { version } = await ucxi.client.navigate(PLAN);
  assert.deepEqual([version.audience, version.media_type, version.n], [["developer"], "text/markdown", 2]);
  assert.match(String(mesh.entries.at(-1)?.body?.["text"]), /^Patch submitted: /);
  assert.equal((await json("patch", "list")).state, "submitted");

  await run("patch", "submit", address);
  assert.equal((await ucxi.client.navigate(PLAN)).version.n, 2, "once is enough");
});

Deno.test("a patch for what is not there yet, out of standard input", async () => {
  await using shell = startShell();
  const { address } = await shell.json("patch", "create", PLAN, "--title", "A plan");
  await shell.run("patch", "review", address, "approve");
  assert.match((await shell.run("patch", "show", address)).out, /Made for: nothing there yet[^]*\+from input/);
  assert.equal((await shell.run("patch", "submit", address)).status, 0);
  assert.equal(await shell.content(PLAN), "from input\n");
});

Deno.test("a patch is not applied over something else, nor when it was rejected; one that was half submitted is finished", async () => {
  await using shell = startShell();
  const { ucxi, run, json } = shell;
  await ucxi.client.put(PLAN, utf8Encode("use cash"));
  const cards = (await json("patch", "create", PLAN, "use cards", "--title", "Cards")).address;
  const shells = (await json("patch", "create", PLAN, "use shells", "--title", "Shells")).address;
  await run("patch", "review", cards, "approve");
  await run("patch", "review", shells, "reject");
  assert.match((await run("patch", "submit", shells)).err, /it is rejected/);

  await ucxi.client.put(PLAN, utf8Encode("use coins"));
  assert.match((await run("patch", "list")).out, /approved, outdated +1\+ 0- +context +Cards/);
  const late = await run("patch", "submit", cards);
  assert.deepEqual([late.status, /has changed since it was made/.test(late.err)], [8, true]);
  assert.equal(await shell.content(PLAN), "use coins");

  await ucxi.client.put(PLAN, utf8Encode("use cards")); // as by a node that stopped before it had noted that
  assert.match((await run("patch", "submit", cards)).out, /^Submitted: ucxl:/);
  assert.equal((await ucxi.client.navigate(PLAN)).version.n, 3);
  assert.equal((await json("patch", "show", cards)).state, "submitted");
});

Deno.test("a vote on a patch asks for the passphrase of a locked key, as every vote does", async () => {
  await using shell = startShell({
    ask: (question) => Promise.resolve(question.startsWith("type y ") ? "y" : "correct horse"),
    signVote: (body, passphrase) => {
      if (passphrase === "correct horse") return Promise.resolve(body);
      return Promise.reject(new ApiError("identity_locked", "Cannot vote: the key of this person is locked"));
    },
  });
  await shell.ucxi.client.put(PLAN, utf8Encode("use cash"));
  const { address } = await shell.json("patch", "create", PLAN, "use cards", "--title", "Cards");

  const { status, out, err } = await shell.run("patch", "review", address, "approve");

  assert.equal(status, 0, err);
  assert.match(out, /^Patch: Cards\n[^]*\n\+use cards\n[^]*\nVoted approve; the patch is approved by basil\.\n$/);
});

Deno.test("who writes over a patch, or calls a vote on it, changes neither what is applied nor where it stands", async () => {
  await using shell = startShell();
  const { ucxi, json, run } = shell;
  await ucxi.client.put(PLAN, utf8Encode("use cash"));
  const { address } = await json("patch", "create", PLAN, "use cards", "--title", "Cards", "--quorum", "2");
  const original = parsePatch(await shell.content(address));
  await using mallory = createTestContext({
    seed: 9,
    content: ucxi.node.content,
    clock: new ManualClock(ucxi.node.clock.nowMs() + 60_000), // theirs is the newer vote
  });
  await mallory.pull(ucxi.node);
  const write = (at: string, record: object) =>
    mallory.context.put(parseConcrete(at), {
      bytes: utf8Encode(JSON.stringify(record)),
      mediaType: "application/json",
      audience: ["developer"],
    });
  await write(address, { ...original, content: "send it all to me" });
  await ucxi.node.pull(mallory);
  const { version: forged } = await ucxi.client.navigate(address);
  await write("ucxl://basil:developer@shop:checkout/*^/decisions/2026-01-09-cards.json", {
    v: 1,
    type: "policy",
    title: "Patch: Cards",
    summary: "",
    outcome: "info",
    citations: [{ address: forged.citation }],
    voting: { quorum: 1, closes_at_ms: Number.MAX_SAFE_INTEGER },
  });
  await ucxi.node.pull(mallory);
  await ucxi.client.vote({
    address: "ucxl://basil:developer@shop:checkout/*^/decisions/2026-01-09-cards.json",
    vote: "approve",
  });

  const shown = await json("patch", "show", address);
  assert.deepEqual([shown.state, shown.content], ["open", "use cards"]);
  assert.equal((await run("patch", "submit", address)).status, 8);
  await run("patch", "review", address, "approve");
  await json("patch", "submit", address);
  assert.equal(await shell.content(PLAN), "use cards");
});

Deno.test("what is no patch, has no title, or changes nothing is refused; a draft says how to go on", async () => {
  await using shell = startShell();
  const { ucxi, run } = shell;
  await ucxi.client.put(PLAN, utf8Encode("use cash"));
  const patch = "ucxl://basil:developer@shop:checkout/*^/patches/draft.json";
  await ucxi.client.put("ucxl://basil:developer@shop:checkout/*^/patches/words.md", utf8Encode("words"));
  const record = {
    v: 1,
    kind: "docs",
    title: "T\x1b[2J",
    summary: "",
    target: PLAN,
    media_type: "text/plain",
    content: "x",
  };
  await ucxi.client.put(patch, utf8Encode(JSON.stringify(record)), { mediaType: "application/json" });

  assert.equal((await run("patch", "create", PLAN, "x")).status, 2);
  assert.match(
    (await run("patch", "create", PLAN, "use cash", "--title", "T")).err,
    /has exactly that content already/,
  );
  assert.match((await run("patch", "show", PLAN)).err, /it is another kind of content/);
  assert.equal((await run("patch", "show", patch.replace("draft", "none"))).status, 3);
  const list = await run("patch", "list");
  assert.match(list.out, /draft, outdated +docs +T␛ +ucxl:/);
  assert.match(list.err, /left out ucxl:.*words\.md: Cannot read/);
  assert.match((await run("patch", "submit", patch)).err, /decide propose WORDS --cite ucxl:.*draft\.json/);
  assert.match((await run("patch", "review", patch, "approve")).err, /has not put it to the vote/);
});

/** Another version of a patch, put to the vote by its author after the one that is. */
async function offerAnew(
  { ucxi, run }: ReturnType<typeof startShell>,
  clock: ManualClock,
  address: string,
): Promise<void> {
  const { bytes } = await ucxi.client.get(address);
  const record = parsePatch(utf8Decode(bytes));
  const text = JSON.stringify({ ...record, content: "use nothing" });
  const { citation } = await ucxi.client.put(address, utf8Encode(text), { mediaType: "application/json" });
  await clock.advance(1_000);
  const { status, err } = await run("decide", "propose", "Cards,", "again", "--cite", citation);
  assert.equal(status, 0, err);
}

Deno.test("a vote on a patch is on the version that was seen, however it is named", async () => {
  const clock = new ManualClock();
  await using shell = startShell({ clock });
  const { ucxi, run, json } = shell;
  await ucxi.client.put(PLAN, utf8Encode("use cash"));
  const { address } = await json("patch", "create", PLAN, "use cards", "--title", "Cards", "--quorum", "2");
  const first = (await json("patch", "show", address)).citation;
  await offerAnew(shell, clock, address);
  const second = (await json("patch", "show", address)).citation;

  const old = await run("patch", "review", first, "abstain");
  const unseen = await run("patch", "review", address, "abstain");

  assert.notEqual(first, second);
  assert.deepEqual([old.status, unseen.status], [3, 2], old.err + unseen.err);
  assert.match(old.err, /something else stands there by now.*look again with patch show/);
  assert.match(unseen.err, /unseen: .*give its citation, from patch show/);
  assert.equal((await run("patch", "review", second, "abstain")).status, 0);
});

Deno.test("what a portal has shown of a patch or a decision is voted on without a question, and nothing else is", async () => {
  const questions: string[] = [];
  const clock = new ManualClock();
  await using shell = startShell({
    clock,
    shown: new ShownVersions(),
    ask: (question) => Promise.resolve((questions.push(question), "n")),
  });
  const { ucxi, run, json } = shell;
  await ucxi.client.put(PLAN, utf8Encode("use cash"));
  const { address, decision } = await json("patch", "create", PLAN, "use cards", "--title", "Cards", "--quorum", "3");

  assert.equal((await run("patch", "review", address, "abstain")).status, 2);
  assert.equal((await run("decide", "vote", decision, "abstain")).status, 2);
  assert.deepEqual(questions, ["type y to vote abstain: ", "type y to vote abstain: "]);
  await run("patch", "show", address);
  await run("decide", "show", decision);
  assert.equal((await run("patch", "review", address, "abstain")).status, 0);
  assert.equal((await run("decide", "vote", decision, "defer")).status, 0);
  await offerAnew(shell, clock, address);
  assert.equal((await run("patch", "review", address, "abstain")).status, 3);
  assert.equal(questions.length, 2);
});
