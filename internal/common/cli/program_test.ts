import assert from "node:assert/strict";
import { ApiClient, ApiError } from "@bzzz/api";
import { BzzzError } from "@bzzz/base";
import { settle, waitFor } from "@bzzz/base/testing";
import { connectByHooks, createStreamSink, OutputClosedError, renderCompletion, SHELLS } from "./mod.ts";
import { createTestShell, TEST_PROGRAM } from "./testing.ts";

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
  assert.match(
    shown.out,
    /Needs: wood\nDue: in 2 h\n\n {2}as long\n {2}as it takes\n\nHistory\n {2}\[2026-11-22 18:03\] ana posted/,
  );
  assert.equal(cancelled.out, `Cancelled task ${id}: Fix the door\n`);
  assert.equal(again.status, 3);
  assert.equal(again.err, "bzzz-hap: Cannot cancel the task: it is cancelled\n");
});

Deno.test("an ask: inbox, show, answer, too late", async () => {
  const { run, mesh } = createTestShell();
  const request = mesh.openRequest({ deadline_ms: Date.UTC(2026, 10, 22, 18, 44), on_timeout: "escalate" });
  mesh.openRequest({ is_addressed_to_me: false, to: { human: "bob" }, title: "for bob" });
  const short = request.request_id.slice(-4);

  const listed = await run("inbox");
  const shown = await run("show", short);
  const answered = await run("answer", short.toLowerCase(), "use", "main");
  const late = await run("answer", short, "use", "dev");

  assert.equal(
    listed.out,
    [
      "ASK   STAKES  KIND      FROM        DUE        STATE    TITLE",
      `${short}  normal  question  agent-7f3a  in 41 min  pending  Which branch?`,
      "",
    ].join("\n"),
  );
  assert.equal(
    shown.out,
    [
      `Ask ${short}: question, normal stakes, pending`,
      "From: agent-7f3a (developer), peer 12D3KooWAgent",
      "To: ana",
      "Opened: 2026-11-22 18:03, now",
      "Due: 2026-11-22 18:44, in 41 min; then escalate",
      `Id: ${request.request_id}`,
      "Title: Which branch?",
      "",
      "  There are two.",
      "",
      `Digest: ${request.digest}`,
      "Offered: answer",
      "",
    ].join("\n"),
  );
  assert.equal(answered.out, `Answered ask ${short}\n`);
  assert.equal(mesh.requestMap.get(request.request_id)?.answer?.text, "use main");
  assert.equal(late.status, 3);
  assert.match(late.err, /Cannot answer the request: ana did/);
});

Deno.test("a choice takes the words or the number; anything else lists the choices", async () => {
  const { run, mesh } = createTestShell();
  const open = () => mesh.openRequest({ kind: "choice", allow: ["choose"], choices: ["merge", "rebase"] });
  const first = open();
  const second = open();

  assert.equal((await run("answer", first.request_id, "Rebase")).out.slice(-8), "rebase\n".padStart(8));
  assert.equal((await run("answer", second.request_id, "1")).status, 0);
  const wrong = await run("answer", open().request_id, "3");

  assert.equal(mesh.requestMap.get(first.request_id)?.answer?.choice, "rebase");
  assert.equal(mesh.requestMap.get(second.request_id)?.answer?.choice, "merge");
  assert.equal(wrong.status, 8);
  assert.match(wrong.err, /the choices are 1\. merge, 2\. rebase/);
});

Deno.test("an approval needs the typed end of its digest, or a digest flag where nobody can be asked", async () => {
  const script = createTestShell();
  const fields = { kind: "approval" as const, allow: ["approve", "deny"], stakes: "high" as const, title: "push" };
  const request = script.mesh.openRequest(fields);

  const unseen = await script.run("approve", request.request_id);
  const short = await script.run("approve", request.request_id, "--digest", request.digest.slice(0, 8));
  const other = await script.run("approve", request.request_id, "--digest", "0".repeat(64));
  assert.deepEqual([unseen.status, short.status, other.status], [2, 8, 8]);
  assert.match(unseen.err, /give --digest, from show/);
  assert.equal(script.mesh.requestMap.get(request.request_id)?.state, "pending");
  const approved = await script.run("approve", request.request_id, "--digest", request.digest.slice(0, 16));
  assert.equal(approved.status, 0);

  const person = createTestShell({ answers: ["y", request.digest.slice(-4)] });
  const same = person.mesh.openRequest({ ...fields, digest: request.digest });
  const reflex = await person.run("approve", same.request_id);
  const typed = await person.run("approve", same.request_id);
  assert.equal(reflex.status, 2, "y is not enough for high stakes");
  assert.equal(reflex.err, "bzzz-hap: Not approved: nothing was sent\n");
  assert.equal(typed.out.trimEnd().split("\n").at(-1), `Approved ask ${same.request_id.slice(-4)}, once`);
  assert.equal(person.questions[0], `type ${request.digest.slice(-4)} to approve: `);
});

Deno.test("a no carries its reason", async () => {
  const { run, mesh } = createTestShell();
  const first = mesh.openRequest({ kind: "approval", allow: ["approve", "deny"] });
  const second = mesh.openRequest({ kind: "approval", allow: ["approve", "deny"] });

  assert.equal((await run("deny", first.request_id, "tests", "first")).status, 0);
  assert.equal((await run("deny", second.request_id, "--reason", "too big", "--json")).status, 0);

  assert.equal(mesh.requestMap.get(first.request_id)?.answer?.reason, "tests first");
  assert.equal(mesh.requestMap.get(second.request_id)?.answer?.reason, "too big");
  assert.equal(
    (await run("answer", mesh.openRequest({ kind: "approval", allow: ["deny"] }).request_id, "ok")).status,
    8,
  );
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

Deno.test("send goes to a channel or a member; tail shows it", async () => {
  const { run, mesh } = createTestShell({ input: "from a pipe\n" });

  assert.equal((await run("send", "#coordination", "hello", "all")).out, "Sent to #coordination.\n");
  assert.equal((await run("send", "@agent-7f3a", "-")).out, "Sent to @agent-7f3a.\n");
  assert.equal((await run("send", "#nope", "x")).status, 8);
  const tail = await run("tail", "--no-follow", "--last", "1");
  const channel = await run("tail", "#coordination", "--no-follow", "--json=body,topic");

  assert.deepEqual(mesh.entries.at(-1)?.body?.["to"], ["agent-7f3a"]);
  assert.equal(tail.out, "[18:03] ana says: from a pipe\n");
  assert.equal(JSON.parse(channel.out).topic, "bzzz/coordination/v1");
});

Deno.test("A-36 tail follows until it is interrupted, and --last finds rare kinds far back", async () => {
  const { run, mesh, sink, abort } = createTestShell();
  mesh.append("message_posted", { type: "message", text: "first", to: [] }, { topic: "hmmm" });
  for (let i = 0; i < 1_200; i++) mesh.append("task_progress", { task_id: "01KDVDNV00AAAAAAAAAAAAX7KQ", text: "…" });

  const running = run("tail", "--kind", "message_posted", "--last", "1");
  await waitFor(() => sink.text.includes("first"), { timeoutMs: 2_000, what: "the old message" });
  mesh.append("message_posted", { type: "plan", text: "second", to: [] }, { topic: "hmmm" });
  await waitFor(() => sink.text.includes("second"), { timeoutMs: 2_000, what: "the new message" });
  abort.abort(new Error("SIGINT"));

  const { status, out } = await running;
  assert.equal(status, 130);
  assert.equal(out, "[18:03] agent-7f3a says: first\n[18:03] agent-7f3a writes plan: second\n");
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
  await waitFor(() => mesh.watchers > 0, { timeoutMs: 2_000, what: "the stream" });
  await settle();
  mesh.openRequest();
  await waitFor(async () => {
    await clock.advance(250);
    return sink.text.includes("asks waiting");
  }, { timeoutMs: 2_000, what: "the change" });
  abort.abort(new Error("SIGINT"));

  const { status, out } = await running;
  assert.equal(status, 130);
  assert.match(
    out.split("\n").at(-2) ?? "",
    /^\[18:03\] ana ready · 1 of 1 peers · leader: nobody yet · no tasks · 1 asks waiting$/,
  );
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
  const globals = { home: undefined, config: undefined, isDev: false, isJson: false } as const;
  const all = { ...globals, jsonFields: undefined, logLevel: undefined, passphraseFile: undefined, settings: [] };
  // Only `findNode` is called.
  const without = connectByHooks({ ...deps, hooks: { findNode: () => Promise.resolve(undefined) } as never });
  const found = connectByHooks({
    ...deps,
    hooks: { findNode: () => Promise.resolve({ baseUrl: "http://localhost:1", token: "t" }) } as never,
  });

  await assert.rejects(without(all), { code: "node_unreachable", message: /start it with "bzzz-hap run"/ });
  assert.ok(await found(all) instanceof ApiClient);
});

Deno.test("the hooks get what was typed: init, join from a pipe, invite without a node, leave", async () => {
  const seen: unknown[] = [];
  const { run } = createTestShell({
    input: "bzzz-join1-AAAA\n",
    answers: ["no", "leave"],
    hooks: {
      init: (options) => {
        seen.push([options.meshName, options.shares, options.isRootKeyKept, options.globals.home]);
        return Promise.resolve({
          mesh_id: "m",
          mesh_name: "hive",
          agent_id: "ana",
          peer_id: "p",
          home: "/h",
          config_path: "/h/c.yaml",
          recovery_shares: ["s1", "s2", "s3"],
          recovery_threshold: 2,
        });
      },
      join: (token, options) => {
        seen.push([token, options.timeoutMs]);
        return Promise.resolve({
          mesh_id: "m",
          mesh_name: "hive",
          agent_id: "a",
          peer_id: "p",
          role: "developer",
          home: "/h",
        });
      },
      findNode: () => Promise.resolve(undefined),
      invite: (options) => {
        seen.push([options.role, options.ttlMs, options.binaryType]);
        return Promise.resolve({ invite_id: "i", role: "developer", state: "open", expires_at_ms: 0, token: "TOKEN" });
      },
      leave: () => Promise.resolve({ home: "/h" }),
    },
  });

  const init = await run("init", "--mesh", "hive", "--shares", "3", "--home", "/h");
  const join = await run("join", "-", "--timeout", "5s");
  const invite = await run("invite", "--role", "developer", "--ttl", "10m", "--binary", "agent");
  const stay = await run("leave");
  const leave = await run("leave");

  assert.deepEqual(seen, [["hive", 3, false, "/h"], ["bzzz-join1-AAAA", 5_000], ["developer", 600_000, "agent"]]);
  assert.match(init.out, /any 2 of 3 restore the root key\):\ns1\ns2\ns3\n$/);
  assert.match(init.err, /not shown again/);
  assert.match(join.out, /^Joined mesh hive \(m\) as a, developer\n/);
  assert.equal(invite.out, "TOKEN\n", "stdout is the token alone");
  assert.deepEqual([stay.status, leave.status], [2, 0]);
});

Deno.test("validate reports every problem with its place and ends with 8", async () => {
  const { run } = createTestShell({
    hooks: {
      validateConfigs: (paths) =>
        Promise.resolve(
          paths.length < 2 ? [] : [{
            file: "a.yaml",
            line: 3,
            key: "ports.http_port",
            message: "Both use it",
            found: "8080",
            expected: "two ports",
          }],
        ),
    },
  });

  assert.deepEqual(await run("validate", "a.yaml"), { status: 0, out: "", err: "Valid.\n" });
  const both = await run("validate", "a.yaml", "b.yaml");
  const json = await run("validate", "a.yaml", "b.yaml", "--json");

  assert.equal(both.status, 8);
  assert.equal(both.out, 'a.yaml:3:ports.http_port: Both use it; found "8080"; expected two ports\n');
  assert.equal(json.status, 8);
  assert.equal(JSON.parse(json.out).issues.length, 1);
});

Deno.test("doctor, health, config show and audit speak through the hooks", async () => {
  const checks = [{ name: "keys", status: "failed", found: "mode 0644", fix: "chmod 600 it" }] as const;
  let isDisposed = false;
  const { run } = createTestShell({
    hooks: {
      doctor: () => Promise.resolve(checks),
      health: () => Promise.resolve({ status: "degraded", checks: [] }),
      showConfig: () => Promise.resolve([{ key: "ports.http_port", value: "8080", origin: "default" }]),
      openJournalReadOnly: () =>
        Promise.resolve({
          verify: () =>
            Promise.resolve({
              entries: 2,
              authors: 1,
              pruned: 0,
              problems: [{ author: "p", seq: 2, entry_id: "e", problem: "hash" }],
            }),
          async *entries() {
            await Promise.resolve();
            yield* [];
          },
          [Symbol.asyncDispose]: () => {
            isDisposed = true;
            return Promise.resolve();
          },
        }),
    },
  });

  const doctor = await run("doctor");
  assert.deepEqual([doctor.status, doctor.out.split("\n")[1]], [1, "keys   failed  mode 0644; chmod 600 it"]);
  assert.equal((await run("health")).status, 0);
  assert.equal((await run("config", "show")).out, "KEY              VALUE\nports.http_port  8080\n");
  assert.match((await run("config", "show", "--origin")).out, /8080 {3}default\n$/);
  const audit = await run("journal", "verify");
  assert.deepEqual([audit.status, isDisposed], [1, true]);
  assert.match(audit.out, /1 problem\np number 2, e: hash\n$/);
});

Deno.test("help comes from the table: overview, one verb, a group, --help, near misses", async () => {
  const { run } = createTestShell();

  const overview = await run("help");
  assert.equal((await run("--help")).out, overview.out);
  for (const command of TEST_PROGRAM.commands) assert.ok(overview.out.includes(`  ${command.name}`), command.name);
  assert.equal((await run("help", "approve")).out, (await run("approve", "--help")).out);
  assert.equal((await run("help", "task")).out.match(/^bzzz-hap task /gm)?.length, 7);
  assert.match((await run("help", "aprove")).err, /did you mean "approve"/);
  const nothing = await run();
  assert.deepEqual([nothing.status, nothing.out], [2, ""]);
  assert.equal((await run("--version")).out, "bzzz-hap 0.1.0\n");
  assert.equal(JSON.parse((await run("version", "--json")).out).version, "0.1.0");
  assert.match((await run("man")).out, /^NAME\n {2}bzzz-hap - the portal of a person\n/);
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
  assert.deepEqual(await complete("task", ""), ["post", "list", "show", "cancel", "retry", "accept", "reject"]);
  assert.deepEqual(await complete("task", "list", "--st"), ["--state"]);
  assert.deepEqual(await complete("completion", "z"), ["zsh"]);
  assert.deepEqual(await complete("--json", "audit", "ex"), ["export"]);
  for (const shell of SHELLS) {
    assert.ok(
      renderCompletion(TEST_PROGRAM, shell).includes("'Who can do what, and how busy they are'") || shell !== "fish",
    );
  }
});

Deno.test("join asks for the token when there is somebody to ask, and says so when there is none", async () => {
  const seen: string[] = [];
  const hooks = {
    join: (token: string) => {
      seen.push(token);
      return Promise.resolve({ mesh_id: "m", mesh_name: "hive", agent_id: "a", peer_id: "p", role: "r", home: "/h" });
    },
  };

  const asked = await createTestShell({ hooks, answers: ["  bzzz-join1-BBBB "] }).run("join");
  const nobody = await createTestShell({ hooks, input: "" }).run("join");

  assert.deepEqual(seen, ["bzzz-join1-BBBB"]);
  assert.deepEqual([asked.status, nobody.status], [0, 2]);
});

Deno.test("roles and keys are shown, replaced and exported, never a secret", async () => {
  const shell = createTestShell({
    hooks: {
      readRoles: (path) =>
        Promise.resolve([{ name: path ?? "ui_ux", level: "suggestion", can_decrypt: [], capabilities: ["draw"] }]),
    },
    answers: ["admin"],
  });

  assert.match((await shell.run("roles")).out, /admin +master +1 +admin, developer/);
  assert.equal((await shell.run("roles", "apply", "pilot")).out, "The mesh has 1 own role now\n");
  assert.match((await shell.run("keys", "roles")).out, /No keys yet/);
  assert.equal((await shell.run("keys", "rotate", "admin")).out, "Role admin has key 1 now\n");
  assert.equal((await shell.run("keys", "rotate", "admin")).status, 0);
  assert.match((await shell.run("keys", "roles")).out, /admin +2 +current +yes +1 +age1ofadmin2\nadmin +1 +old/);
  assert.match(
    (await shell.run("keys", "export", "admin")).out,
    /^Wrote \/data\/exports\/admin\.agekey; open with: age/,
  );
  assert.deepEqual(JSON.parse((await shell.run("keys", "rotate", "nobody", "--json")).err).error.code, "not_found");
  assert.match((await shell.run("keys", "export", "admin")).err, /Nothing was done/);
});

Deno.test("away, busy and back say whether the person is there, and agents shows it", async () => {
  const shell = createTestShell();

  assert.equal((await shell.run("away")).out, "You are away.\n");
  assert.match((await shell.run("agents")).out, /^ana +hap +admin +away/m);
  assert.equal(JSON.parse((await shell.run("back", "--json")).out).person, "here");
  assert.equal(shell.mesh.person, "here");
});
