import assert from "node:assert/strict";
import { ApiClient, ApiError } from "@bzzz/api";
import { BzzzError } from "@bzzz/base";
import { settle, waitFor } from "@bzzz/base/testing";
import { connectByHooks, createStreamSink, OutputClosedError, renderCompletion, SHELLS } from "./mod.ts";
import { createTestShell, NO_FLAGS, TEST_PROGRAM } from "./testing.ts";

Deno.test("status, peers and members for people", async () => {
  const { run } = createTestShell();

  assert.equal(
    (await run("status")).out,
    [
      "ana is ready",
      "Mesh: hive (00112233445566778899aabbccddeeff)",
      "Role: admin (master), hap",
      "Peer: 12D3KooWMe",
      "Peers: 1 connected of 1 known",
      "Leader: nobody yet",
      "Journal: 0 entries of 2 authors",
      "Tasks: none",
      "Asks: 0 waiting",
      "Your key: not locked, it has no passphrase",
      "Up: 0 ms, version 0.1.0",
      "Address: /ip4/127.0.0.1/tcp/9010",
      "",
    ].join("\n"),
  );
  assert.equal(
    (await run("peers")).out,
    [
      "NAME        ROLE       LINK       PRESENCE  DELAY  SEEN  PEER",
      "agent-7f3a  developer  connected  ready     2 ms   -     12D3KooWAgent",
      "",
    ].join("\n"),
  );
  assert.equal(
    (await run("members")).out,
    [
      "NAME        PROGRAM  ROLE       LEVEL       STATE  UNTIL             PEER",
      "ana (you)   hap      admin      master      here   2026-11-23 18:03  12D3KooWMe",
      "agent-7f3a  agent    developer  suggestion  here   2026-11-23 18:03  12D3KooWAgent",
      "",
    ].join("\n"),
  );
});

Deno.test("a task: post, list, show, cancel, cancel again", async () => {
  const { run, client } = createTestShell({ input: "as long\nas it takes\n" });

  const posted = await run(
    "task",
    "post",
    "Fix",
    "the",
    "door",
    "--description",
    "-",
    "--capability",
    "wood",
    "--due",
    "2h",
    "--client-id",
    "github:acme/shop#7",
  );
  const [task] = await client.tasks();
  const id = task?.task_id.slice(-6) ?? "";
  const listed = await run("tasks", "--state", "announced");
  const shown = await run("task", "show", id.toLowerCase());
  const cancelled = await run("task", "cancel", id, "--reason", "nailed shut");
  const again = await run("task", "cancel", id);

  assert.equal(posted.out, `Posted task ${id}: Fix the door\n`);
  assert.equal(task?.description, "as long\nas it takes");
  assert.match(listed.out, new RegExp(`^TASK .*\n${id}  announced  -  +now +Fix the door\n$`));
  assert.match(shown.out, new RegExp(`\nId: ${task?.task_id}\nClient id: github:acme/shop#7\n`));
  assert.match(
    shown.out,
    /Needs: wood\nDue: in 2 h\n\n {2}as long\n {2}as it takes\n\nHistory\n {2}\[2026-11-22 18:03\] ana posted/,
  );
  assert.equal(cancelled.out, `Cancelled task ${id}: Fix the door\n`);
  assert.equal(again.status, 3);
  assert.equal(again.err, "bzzz-hap: Cannot cancel the task: it is cancelled\n");
});

Deno.test("S-34 --json writes one versioned object a line, of the chosen keys, and errors on stderr", async () => {
  const { run, mesh } = createTestShell();
  mesh.openRequest({ title: "one" });
  mesh.openRequest({ title: "two" });

  const listed = await run("inbox", "--json=title,stakes");
  const missing = await run("show", "ZZZZ", "--json");

  assert.equal(listed.out, '{"v":1,"stakes":"normal","title":"one"}\n{"v":1,"stakes":"normal","title":"two"}\n');
  assert.equal(listed.err, "");
  assert.deepEqual([missing.status, missing.out], [3, ""]);
  assert.deepEqual(JSON.parse(missing.err), {
    v: 1,
    error: {
      code: "not_found",
      message: "Cannot find the request: this node knows none with that id",
      details: { request: "ZZZZ" },
    },
  });
});

Deno.test("election: who leads and who would be next; ending a term asks first and says what it did", async () => {
  const { run, mesh } = createTestShell();

  assert.equal(
    (await run("election")).out,
    [
      "agent-7f3a leads term 3, heard 1.2 s ago",
      "This node follows, and does not stand",
      "Lease: 15 s",
      "Candidates, the first to try in front:",
      "  1. agent-7f3a, score 61 of 100",
      "",
    ].join("\n"),
  );
  assert.equal((await run("election", "step-down")).status, 2, "nobody can be asked");
  const ended = await run("election", "step-down", "--yes", "--reason", "its machine is needed");
  assert.deepEqual([ended.status, ended.out], [0, "Term 3 ends; `election show` tells who is next\n"]);
  assert.deepEqual(mesh.entries.at(-1)?.body, { order: "step_down", term: 3, reason: "its machine is needed" });
  const again = await run("election", "trigger", "--yes");
  assert.deepEqual([again.status, /Cannot end the term: nobody leads/.test(again.err)], [3, true]);
});

Deno.test("S-32 status --watch adds a line when something changes", async () => {
  const { run, mesh, sink, clock, abort } = createTestShell();

  const running = run("status", "--watch");
  await waitFor(() => mesh.watchers > 0, { timeoutMs: 30_000, what: "the stream" });
  await settle();
  mesh.openRequest();
  await waitFor(async () => {
    await clock.advance(250);
    return sink.text.includes("asks waiting");
  }, { timeoutMs: 30_000, what: "the change" });
  abort.abort(new Error("SIGINT"));

  const { status, out } = await running;
  assert.equal(status, 130);
  assert.match(
    out.split("\n").at(-2) ?? "",
    /^\[18:03\] ana ready · 1 of 1 peers · leader: nobody yet · no tasks · 1 asks waiting$/,
  );
});

Deno.test("S-32 monitor shows nodes, tasks under way and asks, as often as it is told", async () => {
  const { run, mesh, clock, client } = createTestShell();
  await client.postTask({ title: "Paint the door" });
  mesh.openRequest({ title: "Which colour?" });

  const once = (await run("monitor", "--count", "1")).out;
  const twice = run("monitor", "--json", "--count", "2", "--every", "1s");
  let isOver = false;
  void twice.then(() => isOver = true);
  await waitFor(async () => {
    await clock.advance(250);
    return isOver;
  }, { timeoutMs: 30_000, what: "the second look" });

  assert.match(once, /^hive, seen by ana \(ready\) at 18:03\nLeader: nobody yet · peers: 1 of 1 · tasks: 1 announced/);
  assert.match(once, /\nNAME +PROGRAM +ROLE[\s\S]*\nTASK +STATE[^\n]*\n\S+ +announced +- [^\n]*Paint the door\n/);
  assert.match(once, /\nASK +STAKES[^\n]*\n[^\n]*Which colour\?\n$/);
  const looks = (await twice).out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(looks.map(({ tasks, asks }) => [tasks.length, asks.length]), [[1, 1], [1, 1]]);
  assert.ok(looks[1].at_ms - looks[0].at_ms >= 1_000);
  assert.equal((await run("monitor", "--every", "1ms")).status, 2);
  assert.equal((await run("monitor", "--count", "0")).status, 2);
});

Deno.test("hostile text is inert in every human output", async () => {
  const evil = "x\x1b]52;c;ZXZpbA==\x07\x9b2J\u202e\u200b\r\x07y";
  const { run, mesh, client } = createTestShell();
  mesh.agent.agent_id = evil;
  mesh.agent.role = evil;
  const request = mesh.openRequest({
    title: evil,
    body: `${evil}\n${evil}`,
    choices: [evil],
    allow: ["choose"],
    kind: "choice",
  });
  await client.postTask({ title: evil, description: evil, required_capabilities: [evil] });
  mesh.append("message_posted", { type: "message", text: evil, to: [] }, { topic: "hmmm" });
  mesh.append(evil, {});
  const task = [...mesh.taskMap.keys()][0] ?? "";

  for (
    const line of [
      "inbox",
      `show ${request.request_id}`,
      "tasks",
      `task show ${task}`,
      "tail --no-follow",
      "peers",
      "agents",
    ]
  ) {
    for (const json of [[], ["--json"]]) {
      const { out, err, status } = await run(...line.split(" "), ...json);
      assert.equal(status, 0, `${line}: ${err}`);
      assert.doesNotMatch(out + err, /(?!\n)\p{Cc}|\p{Cf}/u, line);
    }
  }
  const refused = await run("answer", request.request_id, evil);
  assert.doesNotMatch(refused.err, /(?!\n)\p{Cc}|\p{Cf}/u);
  const exact = JSON.parse((await run("show", request.request_id, "--json")).out);
  assert.equal(exact.title, evil, "JSON keeps the exact text");
});

Deno.test("a reader that has enough is a success", async () => {
  const { run, mesh, sink } = createTestShell();
  for (let i = 0; i < 5; i++) mesh.openRequest();
  sink.closeAfter = 1;

  const { status, err } = await run("inbox", "--json");

  assert.deepEqual([status, err], [0, ""]);
  const broken = createStreamSink({
    write: () => Promise.reject(new Deno.errors.BrokenPipe()),
    isTerminal: () => false,
  });
  await assert.rejects(broken.write("x"), OutputClosedError);
});

Deno.test("createStreamSink() writes all of it when the stream takes little at a time", async () => {
  let written = "";
  const sink = createStreamSink({
    write: (bytes) => {
      written += new TextDecoder().decode(bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
    isTerminal: () => false,
  });

  await sink.write("abcdefgh");

  assert.equal(written, "abcdefgh");
});

Deno.test("failures get their status and one clear message", async () => {
  const failures: readonly (readonly [Error, number, RegExp])[] = [
    [new ApiError("unauthorized", "Cannot answer"), 4, /Cannot answer/],
    [new ApiError("timeout", "Cannot finish"), 5, /Cannot finish/],
    [new ApiError("node_unreachable", "Cannot reach"), 7, /Cannot reach/],
    [new BzzzError("store_corrupt", "Cannot open"), 14, /Cannot open/],
    [new TypeError("oops"), 1, /oops/],
  ];
  for (const [failure, status, message] of failures) {
    const { run } = createTestShell({ hooks: { exampleConfig: () => Promise.reject(failure) } });
    const result = await run("config", "example");
    assert.equal(result.status, status, failure.message);
    assert.match(result.err, message);
  }
});

Deno.test("connectByHooks() says how to start a node when there is none", async () => {
  const { clock, random, api } = createTestShell();
  const deps = { clock, random, program: TEST_PROGRAM, fetch: (request: Request) => api.fetch(request) };
  // Only `findNode` is called.
  const without = connectByHooks({ ...deps, hooks: { findNode: () => Promise.resolve(undefined) } as never });
  const found = connectByHooks({
    ...deps,
    hooks: { findNode: () => Promise.resolve({ baseUrl: "http://localhost:1", token: "t" }) } as never,
  });

  await assert.rejects(without(NO_FLAGS), { code: "node_unreachable", message: /start it with "bzzz-hap run"/ });
  assert.ok(await found(NO_FLAGS) instanceof ApiClient);
});

Deno.test("help comes from the table: overview, one verb, a group, --help, near misses", async () => {
  const { run } = createTestShell();

  const overview = await run("help");
  assert.equal((await run("--help")).out, overview.out);
  for (const command of TEST_PROGRAM.commands) assert.ok(overview.out.includes(`  ${command.name}`), command.name);
  assert.equal((await run("help", "approve")).out, (await run("approve", "--help")).out);
  assert.equal((await run("help", "task")).out.match(/^bzzz-hap task /gm)?.length, 8);
  assert.match((await run("help", "aprove")).err, /did you mean "approve"/);
  const nothing = await run();
  assert.deepEqual([nothing.status, nothing.out], [2, ""]);
  assert.equal((await run("--version")).out, "bzzz-hap 0.1.0\n");
  assert.equal(JSON.parse((await run("version", "--json")).out).version, "0.1.0");
  assert.match((await run("man")).out, /^NAME\n {2}bzzz-hap - the portal of a person\n/);
});

Deno.test("help and the manual are data with --json, and a text for another program is refused there", async () => {
  const { run } = createTestShell({ hooks: { exampleConfig: () => Promise.resolve("log:\n") } });

  const overview = await run("help", "--json");
  const { v, name, commands, flags, exit_statuses: statuses } = JSON.parse(overview.out);
  assert.deepEqual([v, name, statuses[2].name], [1, "bzzz-hap", "usage"]);
  assert.deepEqual(commands.map((one: { name: string }) => one.name), TEST_PROGRAM.commands.map((one) => one.name));
  assert.ok(flags.some((flag: { name: string }) => flag.name === "home"));
  for (const same of [["--help", "--json"], ["man", "--json"]]) {
    assert.equal((await run(...same)).out, overview.out, same.join(" "));
  }

  const one = await run("help", "approve", "--json");
  assert.equal((await run("approve", "--help", "--json")).out, one.out);
  assert.deepEqual(JSON.parse(one.out).args[0].name, "ask");
  const group = (await run("help", "task", "--json=name")).out.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(group.length, 8);
  assert.deepEqual(group[0], { v: 1, name: "task post" });

  for (const text of [["man", "--roff"], ["completion", "bash"], ["config", "example"], []]) {
    const { status, out, err } = await run(...text, "--json");
    assert.deepEqual([status, out], [2, ""], text.join(" "));
    assert.equal(JSON.parse(err).error.code, "usage");
  }
});

Deno.test("a program may have a verb that runs without a name", async () => {
  const { run } = createTestShell({
    program: { defaultCommand: "run" },
    hooks: { run: (options) => Promise.resolve(options.globals.isDev ? 11 : 0) },
  });

  assert.equal((await run("--dev")).status, 11);
  assert.match((await run("--help")).out, /Without a command: run\./);
});

Deno.test("bash completes verbs, second words, flags and choices", async () => {
  const script = renderCompletion(TEST_PROGRAM, "bash");
  const complete = async (...words: string[]) => {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const { stdout, success } = await new Deno.Command("bash", {
      args: [
        "-c",
        `${script}\nCOMP_WORDS=(bzzz-hap ${quoted}); COMP_CWORD=${words.length}; _bzzz_hap; echo "\${COMPREPLY[*]}"`,
      ],
    }).output();
    assert.ok(success);
    return new TextDecoder().decode(stdout).trim().split(" ");
  };

  assert.deepEqual(await complete("inv"), ["invite", "invites"]);
  assert.deepEqual(await complete("task", ""), [
    "post",
    "new",
    "list",
    "show",
    "cancel",
    "stop",
    "retry",
    "accept",
    "reject",
  ]);
  assert.deepEqual(await complete("task", "list", "--st"), ["--state"]);
  assert.deepEqual(await complete("completion", "z"), ["zsh"]);
  assert.deepEqual(await complete("--json", "audit", "ex"), ["export"]);
  for (const shell of SHELLS) {
    assert.ok(
      renderCompletion(TEST_PROGRAM, shell).includes("'Who can do what, and how busy they are'") || shell !== "fish",
    );
  }
});

Deno.test("what was typed wrong ends with where its command is explained", async () => {
  const { run } = createTestShell();

  assert.match((await run("task", "post", "x", "--nope")).err, /^Try: \S+ task post --help\n$/m);
  assert.match((await run("--json", "frobnicate")).err, /"code":"usage"/);
  assert.match((await run("frobnicate")).err, /^Try: \S+ help\n$/m);
  assert.match((await run("--nope")).err, /^Try: \S+ help\n$/m);
});
