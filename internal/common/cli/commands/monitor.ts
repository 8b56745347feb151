import type { AgentView, ApiClient, RequestView, StatusView, TaskView } from "@bzzz/api";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { OutputTable } from "../output.ts";
import { describeLeader } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { alignRows } from "../width.ts";
import { AGENTS, asksTable, tasksTable } from "./tables.ts";

const EVERY_MS = 2_000;
const MIN_EVERY_MS = 200;
const MAX_ROWS = 20;
/** As much of the newest tasks as is looked through for those that are not over. */
const TASKS_READ = 200;
const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "expired"]);
/** To the first column of the first line, and nothing below it (ECMA-48 CUP, ED). */
const CLEAR = "\x1b[H\x1b[2J";

/** The mesh at one moment, as one node sees it. */
interface Moment {
  readonly at_ms: number;
  readonly status: StatusView;
  readonly agents: readonly AgentView[];
  /** That are not over, newest first. */
  readonly tasks: readonly TaskView[];
  /** That wait for somebody. */
  readonly asks: readonly RequestView[];
}

const monitor: Command = {
  name: "monitor",
  group: "mesh",
  summary: "The mesh as it is now, again and again: nodes, tasks under way, asks",
  details:
    "On a terminal the page is drawn anew each time, until it is interrupted; in a pipe one follows the other, and with " +
    "--json each is an object on a line. The portal's screen shows more, and lets you act.",
  flags: [
    { name: "every", type: "duration", value: "TIME", summary: "How often (2s)" },
    { name: "count", type: "integer", value: "N", summary: "End after so many" },
  ],
  needs: "node",
  async run(context) {
    const { values, clock, signal, out } = context;
    const everyMs = values.durationMs("every") ?? EVERY_MS;
    if (everyMs < MIN_EVERY_MS) throw usageError(`Cannot use --every ${everyMs}ms: ${MIN_EVERY_MS}ms is the least`);
    const count = values.integer("count") ?? Infinity;
    if (count < 1) throw usageError(`Cannot use --count ${count}: 1 is the least`);
    const client = await context.client();
    for (let shown = 0; shown < count; shown++) {
      if (shown > 0) await clock.sleep(everyMs, { signal });
      const moment = await momentOf(client, context);
      if (!out.isJson && out.isTerminal) await out.control(CLEAR);
      else if (!out.isJson && shown > 0) await out.text("");
      await out.item(moment, () => page(moment, context));
    }
    return EXIT.ok;
  },
};

async function momentOf(client: ApiClient, { clock, signal }: CommandContext): Promise<Moment> {
  const [status, agents, tasks, asks] = await Promise.all([
    client.status({ signal }),
    client.agents({ signal }),
    client.tasks({ limit: TASKS_READ }, { signal }),
    client.requests({ state: "open" }, { signal }),
  ]);
  return {
    at_ms: Math.floor(clock.nowMs()),
    status,
    agents,
    tasks: tasks.filter(({ state }) => !OVER.has(state)),
    asks,
  };
}

function page({ at_ms: atMs, status, agents, tasks, asks }: Moment, { format }: CommandContext): readonly string[] {
  const counts = Object.entries(status.tasks).flatMap(([state, count]) => count > 0 ? [`${count} ${state}`] : []);
  return [
    `${sanitiseLine(status.mesh.name)}, seen by ${sanitiseLine(status.node.agent_id)} (${status.state}) at ${
      format.time(atMs)
    }`,
    `Leader: ${describeLeader(status.leadership)} · peers: ${status.peers.connected} of ${status.peers.known} · ` +
    `tasks: ${counts.join(", ") || "none"} · asks: ${status.requests.for_me} for you`,
    ...status.reasons.map((reason) => `! ${sanitiseLine(reason)}`),
    "",
    ...rows(agents, AGENTS),
    "",
    ...rows(tasks, { ...tasksTable(atMs), empty: "No task is under way." }),
    "",
    ...rows(asks, asksTable(atMs, "Nobody is asked anything.")),
  ];
}

function rows<T>(items: readonly T[], table: OutputTable<T>): readonly string[] {
  if (items.length === 0) return [table.empty];
  const left = items.length - MAX_ROWS;
  return [
    ...alignRows([table.heading, ...items.slice(0, MAX_ROWS).map(table.row)]),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}

/** A look at the whole mesh. */
export const MONITOR_COMMANDS: readonly Command[] = [monitor];
