import type { ApiClient, StatusView } from "@bzzz/api";
import { EXIT } from "../exit.ts";
import type { CheckResult } from "../hook_types.ts";
import { describeLeader, describeStatus } from "../render.ts";
import { sanitiseLine, toSafeJson } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";

/** `status --watch` looks again after this even when nothing was heard: load and presence are no entries. */
const WATCH_PERIOD_MS = 5_000;
/** Several changes within this are shown as one. */
const WATCH_SETTLE_MS = 250;

const run: Command = {
  name: "run",
  group: "run",
  summary: "Run the node until it is stopped",
  flags: [
    { name: "plain", type: "boolean", summary: "With the prompt in lines, also where a screen would be possible" },
    { name: "headless", type: "boolean", summary: "Without a prompt" },
    { name: "rehearse", type: "boolean", summary: "Stop as soon as it has started: whether it can, and what it says" },
  ],
  needs: "data_dir",
  run({ values, globals, signal, hooks }) {
    const interfaceMode = values.has("headless") ? "headless" : values.has("plain") ? "plain" : undefined;
    return hooks().run({ globals, interfaceMode, isRehearsal: values.has("rehearse"), signal });
  },
};

const nodeStart: Command = {
  name: "node start",
  group: "run",
  summary: "Run the node without an interface, until it is stopped",
  details:
    "Stays in the foreground: a service manager, or the shell's &, keeps it in the background. Views and verbs attach to it.",
  flags: [{ name: "foreground", type: "boolean", summary: "What it does anyway, for scripts that say so" }],
  needs: "data_dir",
  run: ({ globals, signal, hooks }) => hooks().run({ globals, interfaceMode: "headless", signal }),
};

const stop: Command = {
  name: "stop",
  aliases: ["node stop"],
  group: "run",
  summary: "Stop the running node in order",
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Told to the members" }],
  needs: "node",
  async run(context) {
    await (await context.client()).stop({ reason: context.values.text("reason") ?? "" });
    await context.out.item({ is_stopping: true }, () => "The node is stopping.");
    return EXIT.ok;
  },
};

const status: Command = {
  name: "status",
  aliases: ["node status"],
  group: "run",
  summary: "What this node is and how it does",
  flags: [{ name: "watch", short: "w", type: "boolean", summary: "Go on showing what changes" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const client = await context.client();
    const first = await client.status({ signal: context.signal });
    await context.out.item(first, () => describeStatus(first, context.clock.nowMs()));
    if (context.values.has("watch")) await watchStatus(context, client, first);
    return EXIT.ok;
  },
};

/** A line whenever something changed; append-only, so that it reads well in a pipe and aloud. */
async function watchStatus(context: CommandContext, client: ApiClient, first: StatusView): Promise<void> {
  let shown = summary(first);
  let wake = Promise.withResolvers<void>();
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const listening = (async () => {
    for await (const event of client.events({}, { signal })) if (event.type !== "connected") wake.resolve();
  })();
  try {
    while (true) {
      const period = Promise.withResolvers<void>();
      const timer = context.clock.setTimer(WATCH_PERIOD_MS, period.resolve);
      try {
        await Promise.race([period.promise, wake.promise, listening]);
      } finally {
        timer.cancel();
      }
      await context.clock.sleep(WATCH_SETTLE_MS, { signal });
      wake = Promise.withResolvers<void>();
      const next = await client.status({ signal });
      const line = summary(next);
      if (line === shown) continue;
      shown = line;
      await context.out.item(next, () => `[${context.format.time(context.clock.nowMs())}] ${line}`);
    }
  } finally {
    ended.abort();
    await listening.catch(() => {}); // its failure ended the loop already, through the race
  }
}

function summary(status: StatusView): string {
  const tasks = Object.entries(status.tasks).filter(([, count]) => count > 0).map(([state, count]) =>
    `${count} ${state}`
  );
  return [
    `${sanitiseLine(status.node.agent_id)} ${status.state}`,
    `${status.peers.connected} of ${status.peers.known} peers`,
    `leader: ${describeLeader(status.leadership)}`,
    tasks.length === 0 ? "no tasks" : `tasks: ${tasks.join(", ")}`,
    `${status.requests.pending} asks waiting`,
    ...status.reasons.map((reason) => sanitiseLine(reason)),
  ].join(" · ");
}

async function showChecks(context: CommandContext, checks: readonly CheckResult[]): Promise<void> {
  await context.out.list(checks, {
    heading: ["CHECK", "STATUS", "FOUND"],
    row: (
      check,
    ) => [
      sanitiseLine(check.name),
      check.status,
      sanitiseLine(check.fix ? `${check.found}; ${check.fix}` : check.found),
    ],
    empty: "No checks.",
  });
}

const health: Command = {
  name: "health",
  group: "run",
  summary: "Checks of the running node",
  needs: "node",
  async run(context) {
    const result = await context.hooks().health(context.globals);
    await showChecks(context, result.checks);
    await context.note(`Health: ${result.status}`);
    return result.status === "failed" ? EXIT.failure : EXIT.ok;
  },
};

const doctor: Command = {
  name: "doctor",
  group: "run",
  summary: "Look for problems of this installation, and say what to do",
  needs: "data_dir",
  async run(context) {
    const checks = await context.hooks().doctor(context.globals);
    await showChecks(context, checks);
    return checks.some((check) => check.status === "failed") ? EXIT.failure : EXIT.ok;
  },
};

const validate: Command = {
  name: "validate",
  group: "run",
  summary: "Check a configuration, or two that shall run on one machine",
  args: [
    { name: "file", summary: "Configuration file", isRequired: true },
    { name: "other", summary: "The file of the other program" },
  ],
  needs: "nothing",
  async run(context) {
    const files = [context.values.required("file"), context.values.text("other")].filter((file) => file !== undefined);
    const issues = await context.hooks().validateConfigs(files, context.globals);
    if (context.out.isJson) {
      await context.out.item({ valid: issues.length === 0, issues }, () => "");
      return issues.length === 0 ? EXIT.ok : EXIT.validationFailed;
    }
    for (const issue of issues) {
      const place = [issue.file, issue.line, issue.key].filter((part) => part !== undefined).join(":");
      const got = issue.found === undefined ? "" : `; found ${toSafeJson(issue.found)}`;
      const wanted = issue.expected === undefined ? "" : `; expected ${issue.expected}`;
      await context.out.text(`${place}: ${issue.message}${got}${wanted}`);
    }
    await context.note(
      issues.length === 0 ? "Valid." : `${issues.length} ${issues.length === 1 ? "problem" : "problems"}.`,
    );
    return issues.length === 0 ? EXIT.ok : EXIT.validationFailed;
  },
};

const configShow: Command = {
  name: "config show",
  group: "run",
  summary: "The effective configuration; secrets are masked",
  flags: [{ name: "origin", type: "boolean", summary: "Say where each value comes from" }],
  needs: "nothing",
  async run(context) {
    const settings = await context.hooks().showConfig(context.globals);
    const hasOrigin = context.values.has("origin");
    await context.out.list(settings.map(({ origin, ...setting }) => hasOrigin ? { ...setting, origin } : setting), {
      heading: ["KEY", "VALUE", ...(hasOrigin ? ["ORIGIN"] : [])],
      row: (setting) => [
        sanitiseLine(setting.key),
        sanitiseLine(setting.value),
        ...("origin" in setting ? [sanitiseLine(setting.origin)] : []),
      ],
      empty: "No settings.",
    });
    return EXIT.ok;
  },
};

const configExample: Command = {
  name: "config example",
  group: "run",
  summary: "A commented configuration with every key",
  needs: "nothing",
  async run(context) {
    await context.out.raw(await context.hooks().exampleConfig());
    return EXIT.ok;
  },
};

/** The node and its configuration. */
export const RUN_COMMANDS: readonly Command[] = [
  run,
  nodeStart,
  stop,
  status,
  health,
  doctor,
  validate,
  configShow,
  configExample,
];
