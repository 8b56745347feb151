import assert from "node:assert/strict";
import { createSystemClock, createSystemRandom, type PeerId } from "@bzzz/base";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import { createNullLogger } from "@bzzz/logging";
import { acpOptions, createExecutor, createSummariser, processOptions, runnerOptions } from "./program.ts";

Deno.test("A-04 A-27 every setting of the agent reaches its runner or its executor", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-program-" });
  try {
    const commands = [{ name: "echo", argv: ["/bin/echo"] }];
    const flags = {
      "agent.capabilities": ["deno"],
      "agent.max_tasks": 7,
      "coordination.lease_seconds": 77,
      "executor.kind": "process",
      "executor.process.commands": commands,
      "executor.process.timeout_seconds": 8,
      "executor.process.max_output_bytes": 9_000,
      "executor.process.memory_limit_mb": 64,
      "executor.process.env": ["LANG"],
      "executor.summary.command": "echo",
      "executor.summary.timeout_seconds": 9,
      "executor.summary.per_hour": 11,
    };
    const { config } = parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags });
    const context = { clock: createSystemClock(), random: createSystemRandom(), env: { LANG: "C", SECRET: "x" }, home };
    const mock = parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags: {} }).config;

    const runner = runnerOptions(config, { peerId: "ana" as PeerId, role: "developer" });
    const executor = processOptions(config, context);

    assert.deepEqual(runner, {
      self: "ana",
      role: "developer",
      capabilities: ["deno"],
      maxTasks: 7,
      leaseMs: 77_000,
    });
    assert.deepEqual(executor, {
      commands,
      timeoutMs: 8_000,
      maxOutputBytes: 9_000,
      memoryLimitBytes: 64 * 1024 * 1024,
      env: { LANG: "C" },
      workRoot: `${home}/work`,
    });
    assert.equal(createExecutor(context, mock, createNullLogger()).name, "mock");
    assert.equal(createExecutor(context, config, createNullLogger()).name, "process");
    const summariser = createSummariser(context, config, createNullLogger());
    assert.deepEqual([summariser?.name, summariser?.perHour], ["process:echo", 11]);
    assert.equal(createSummariser(context, mock, createNullLogger()), undefined);
    assert.equal(((await Deno.stat(executor.workRoot)).mode ?? 0) & 0o777, 0o700);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("every setting of the coding agent reaches its executor, whose folders are private", async () => {
  const home = await Deno.makeTempDir({ prefix: "bzzz-program-" });
  try {
    const flags = {
      "executor.kind": "acp",
      "executor.acp.argv": ["opencode", "acp"],
      "executor.acp.timeout_seconds": 8,
      "executor.acp.max_output_bytes": 70_000,
      "executor.acp.memory_limit_mb": 64,
      "executor.acp.env": ["HOME"],
      "executor.acp.workspace_limit_mb": 3,
      "executor.acp.keep_workspaces": 5,
    };
    const { config } = parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags });
    const context = { clock: createSystemClock(), env: { HOME: "/home/ana", SECRET: "x" }, home };

    const executor = createExecutor(context, config, createNullLogger());

    assert.equal(executor.name, "acp");
    assert.deepEqual(acpOptions(config, context), {
      argv: ["opencode", "acp"],
      timeoutMs: 8_000,
      maxOutputBytes: 70_000,
      memoryLimitBytes: 64 * 1024 * 1024,
      env: { HOME: "/home/ana" },
      workspaceLimitBytes: 3 * 1024 * 1024,
      keepWorkspaces: 5,
      workRoot: `${home}/work/acp`,
    });
    for (const folder of ["work", "work/acp"]) {
      assert.equal(((await Deno.stat(`${home}/${folder}`)).mode ?? 0) & 0o777, 0o700, folder);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
