import assert from "node:assert/strict";
import { createTestShell } from "./testing.ts";

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
