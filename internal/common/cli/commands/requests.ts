import { type AskInput, REQUEST_STATES, type RequestView } from "@bzzz/api";
import { REQUEST_KINDS, REQUEST_STAKES } from "@bzzz/wire";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";

import { describeRequest } from "../render_request.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { type FlagValues, given, textOrInput } from "../values.ts";
import { loadRequest, parseAddressee, REQUEST_ARG } from "./one_request.ts";
import { readJsonFile } from "./read_file.ts";
import { asksTable } from "./tables.ts";
import { endOf, waitUntilClosed } from "./wait_for_requests.ts";

const inbox: Command = {
  name: "inbox",
  group: "people",
  summary: "What agents ask of you",
  details: "What you have put off comes back by itself; --state snoozed shows it before.",
  flags: [
    {
      name: "state",
      type: "string",
      value: "STATE",
      choices: [...REQUEST_STATES, "open", "all"],
      summary: "In this state (what waits: pending and escalated)",
    },
    { name: "from", type: "string", value: "NAME", summary: "Of this agent only" },
    { name: "stakes", type: "string", value: "STAKES", choices: REQUEST_STAKES, summary: "Of these stakes only" },
    { name: "all", type: "boolean", summary: "Also those for other people" },
    { name: "limit", type: "integer", value: "N", summary: "At most so many (100)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const wanted = values.text("state");
    const isOpen = wanted === undefined || wanted === "open";
    const state = isOpen ? "open" as const : REQUEST_STATES.find((one) => one === wanted);
    const found = await (await context.client()).requests({
      ...given("state", state),
      ...given("limit", values.integer("limit")),
    }, { signal: context.signal });
    const isWanted = (request: RequestView): boolean =>
      (request.is_addressed_to_me || values.has("all")) &&
      (wanted !== undefined || request.state !== "snoozed") &&
      (request.stakes === (values.text("stakes") ?? request.stakes)) &&
      [request.from.agent_id, request.from.peer_id].includes(values.text("from") ?? request.from.peer_id);
    const empty = wanted === undefined ? "Nobody waits for you." : "No asks.";
    await context.out.list(found.filter(isWanted), asksTable(context.clock.nowMs(), empty));
    return EXIT.ok;
  },
};

const show: Command = {
  name: "show",
  group: "people",
  summary: "All of one ask: what is answered is exactly this",
  args: [REQUEST_ARG],
  needs: "node",
  isInPortal: true,
  async run(context) {
    await showRequest(context, await loadRequest(context));
    return EXIT.ok;
  },
};

async function showRequest(context: CommandContext, request: RequestView): Promise<void> {
  await context.out.item(request, () => describeRequest(request, context.format, context.clock.nowMs()));
}

const ask: Command = {
  name: "ask",
  group: "people",
  summary: "Ask a person, a role or everybody",
  details:
    'Whom: @ana, role:reviewer, or all. The words are the title; --body has more of it, "-" reads standard input. ' +
    "With --wait the answer is printed: 0 answered or approved, 6 denied, 5 nobody answered in time, 3 withdrawn or replaced. " +
    "Agents are given work with task post; their answers to an ask would not count.",
  args: [
    { name: "whom", summary: "@person, role:name, or all", isRequired: true },
    { name: "title", summary: "What is asked, at most 120 characters", isRequired: true, isRest: true },
  ],
  flags: [
    { name: "kind", type: "string", value: "KIND", choices: REQUEST_KINDS, summary: "What kind of ask (question)" },
    { name: "body", type: "string", value: "TEXT", summary: 'The whole of it; "-" is standard input' },
    { name: "choice", type: "list", value: "TEXT", summary: "May be chosen; may be repeated" },
    {
      name: "form",
      type: "string",
      value: "FILE",
      summary: 'Form to fill in: a flat JSON Schema; "-" is standard input',
    },
    {
      name: "action",
      type: "string",
      value: "FILE",
      summary: "What would be done: JSON with verb, target, args, effect",
    },
    {
      name: "stakes",
      type: "string",
      value: "STAKES",
      choices: REQUEST_STAKES,
      summary: "How much is at stake (normal)",
    },
    { name: "due", type: "duration", value: "TIME", summary: "It is late after this: 10m, 2h" },
    {
      name: "on-timeout",
      type: "string",
      value: "WHAT",
      choices: ["hold", "deny", "escalate"],
      summary: "What happens when it is late (hold); it is never approved",
    },
    { name: "quorum", type: "string", value: "N/M", summary: "So many of so many people must say the same" },
    { name: "eligible", type: "list", value: "NAME", summary: "Only this person may answer; may be repeated" },
    { name: "ref", type: "list", value: "ADDRESS", summary: "To be read first; may be repeated" },
    { name: "task", type: "string", value: "ID", summary: "Task it is about" },
    { name: "replaces", type: "string", value: "ID", summary: "Ask of this node that it takes the place of" },
    { name: "wording", type: "string", value: "ID", summary: "A wording of the reader's library that says it better" },
    { name: "param", type: "list", value: "NAME=VALUE", summary: "A value of the wording; may be repeated" },
    { name: "human-present", type: "boolean", summary: "No policy may decide it" },
    { name: "wait", type: "duration", value: "TIME", summary: "Wait so long for the answer" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values, signal } = context;
    const client = await context.client();
    const choices = values.list("choice");
    const [form, action] = [values.text("form"), values.text("action")];
    const dueMs = values.durationMs("due");
    const kind = values.text("kind") ??
      (choices.length > 0 ? "choice" : form ? "form" : action ? "approval" : "question");
    const quorum = parseQuorum(values.text("quorum"));
    const body = values.text("body");
    const opened = await client.ask({
      ...given("kind", REQUEST_KINDS.find((one) => one === kind)),
      to: { ...parseAddressee(values.required("whom")), ...(quorum ? { quorum } : {}) },
      title: values.list("title").join(" "),
      ...given("body", body === undefined ? undefined : await textOrInput([body], context.readInput)),
      ...given("choices", choices.length === 0 ? undefined : [...choices]),
      ...given("form", form === undefined ? undefined : await readJsonFile(form, context)),
      // what is not an action the node refuses, and says why
      ...given("action", action === undefined ? undefined : await readJsonFile(action, context) as never),
      ...given("stakes", REQUEST_STAKES.find((one) => one === values.text("stakes"))),
      ...given("deadline_ms", dueMs === undefined ? undefined : context.clock.nowMs() + dueMs),
      ...given("on_timeout", (["hold", "deny", "escalate"] as const).find((one) => one === values.text("on-timeout"))),
      ...given("eligible", values.list("eligible").length === 0 ? undefined : [...values.list("eligible")]),
      refs: [...values.list("ref")],
      ...given("task_id", values.text("task")),
      ...given("supersedes", values.text("replaces")),
      ...given("wording", wordingOf(values)),
      human_present: values.has("human-present"),
    }, { signal });
    const waitMs = values.durationMs("wait");
    if (waitMs === undefined) {
      await context.out.item(
        opened,
        () => `Asked (${opened.short_id}); wait ${opened.short_id} tells when it is answered.`,
      );
      return EXIT.ok;
    }
    await context.note(`Asked (${opened.short_id}); waiting for an answer.`);
    const [closed] = await waitUntilClosed(context, client, [opened.request_id], waitMs);
    if (!closed) throw new TypeError("Unreachable: one request was waited for");
    await context.out.item(closed, () => describeEnd(closed));
    return endOf(closed);
  },
};

function wordingOf(values: FlagValues): AskInput["wording"] {
  const id = values.text("wording");
  const pairs = values.list("param");
  if (id === undefined && pairs.length > 0) throw usageError("Cannot use --param without --wording");
  const params = pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw usageError(`Cannot use --param "${pair}": NAME=VALUE is expected`);
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
  });
  return id === undefined ? undefined : { id, params };
}

function parseQuorum(text: string | undefined): { n: number; of: number } | undefined {
  if (text === undefined) return undefined;
  const [, n, of] = /^(\d{1,2})\/(\d{1,2})$/.exec(text) ?? [];
  if (n === undefined || of === undefined || Number(n) < 1 || Number(n) > Number(of)) {
    throw usageError(`Cannot use --quorum "${text}": N/M is expected, as in 2/3`);
  }
  return { n: Number(n), of: Number(of) };
}

/** The answer alone, for a script; or why there is none. */
function describeEnd({ answer, state, short_id: shortId }: RequestView): string {
  if (!answer) return `Ask ${sanitiseLine(shortId)} is ${state}.`;
  const said = answer.text ?? answer.choice ?? (answer.values && JSON.stringify(answer.values)) ?? answer.decision;
  return sanitiseLine(answer.reason === undefined ? said : `${said}: ${answer.reason}`, 4096);
}

const wait: Command = {
  name: "wait",
  group: "people",
  summary: "Wait until asks are closed",
  details:
    "Ends with the worst that became of them: 0 answered or approved, 6 denied, 5 nobody answered in time, 3 withdrawn or " +
    "replaced. For people's scripts; agents do not hold a line open for a person.",
  args: [{ name: "asks", summary: "Ids, or the short ones", isRequired: true, isRest: true }],
  flags: [{
    name: "timeout",
    type: "duration",
    value: "TIME",
    summary: "At most so long; without it as long as it takes",
  }],
  needs: "node",
  async run(context) {
    const client = await context.client();
    const asks: string[] = [];
    for (const reference of context.values.list("asks")) {
      asks.push((await client.request(reference, { signal: context.signal })).request_id);
    }
    const closed = await waitUntilClosed(context, client, asks, context.values.durationMs("timeout"));
    for (const request of closed) await context.out.item(request, () => describeEnd(request));
    const statuses = closed.map(endOf);
    return statuses.sort((a, b) => b - a)[0] ?? EXIT.ok;
  },
};

const withdraw: Command = {
  name: "withdraw",
  group: "people",
  summary: "Take back what this node asked",
  args: [REQUEST_ARG, { name: "why", summary: "The reason", isRest: true }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await loadRequest(context);
    const client = await context.client();
    const reason = context.values.list("why").join(" ");
    const withdrawn = await client.withdraw(request.request_id, { reason }, { signal: context.signal });
    await context.out.item(withdrawn, () => `Withdrew ask ${request.short_id}`);
    return EXIT.ok;
  },
};

/** Looking at asks, and asking. */
export const REQUEST_COMMANDS: readonly Command[] = [inbox, show, ask, wait, withdraw];
