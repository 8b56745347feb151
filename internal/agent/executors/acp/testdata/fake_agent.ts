// A coding agent for tests: speaks the Agent Client Protocol over its standard streams and does what its argument says.
// deno run -A fake_agent.ts '{"turns":[[{"say":"done"}]]}'

/** One thing it does in a turn. */
interface Step {
  readonly say?: string;
  readonly messageId?: string;
  /** Says or writes its text so often. */
  readonly times?: number;
  /** A `session/update`, as it is. */
  readonly update?: Readonly<Record<string, unknown>>;
  readonly permit?: {
    readonly toolCall: Readonly<Record<string, unknown>>;
    readonly options?: readonly unknown[];
    readonly then?: readonly Step[];
    readonly otherwise?: readonly Step[];
  };
  readonly write?: { readonly path: string; readonly content: string };
  /** Says the content, or the error. */
  readonly read?: { readonly path: string; readonly line?: number; readonly limit?: number };
  /** Any request; says what came. */
  readonly request?: { readonly method: string; readonly params: Readonly<Record<string, unknown>> };
  /** The environment and the folder it has, said as JSON. */
  readonly tell?: "surroundings";
  readonly raw?: string;
  readonly exit?: number;
  /** Waits for ever, or until the turn is cancelled. */
  readonly wait?: "for ever" | "for cancel";
  readonly stop?: string;
  readonly error?: { readonly code: number; readonly message: string };
}

interface Behaviour {
  /** A file that every message it gets is added to. */
  readonly log?: string;
  /** Lines before anything else. */
  readonly first?: readonly string[];
  readonly exitFirst?: number;
  readonly isSilent?: boolean;
  readonly version?: unknown;
  readonly isNameless?: boolean;
  readonly loads?: boolean;
  readonly refusesLoad?: boolean;
  /** Told when a session is loaded. */
  readonly replay?: readonly Step[];
  readonly isLoggedOut?: boolean;
  readonly ignoresEnd?: boolean;
  readonly turns?: readonly (readonly Step[])[];
  /** Turns of a session that was loaded. */
  readonly resumed?: readonly (readonly Step[])[];
  /** What it does when it has ended a turn. */
  readonly afterwards?: readonly Step[];
  readonly usage?: readonly number[];
}

const behaviour: Behaviour = JSON.parse(Deno.args[0] ?? "{}");
const encoder = new TextEncoder();
const writer = Deno.stdout.writable.getWriter();
const answers = new Map<number, (message: Record<string, unknown>) => void>();
let nextId = 0;
let turn = 0;
let sessionId = "session-1";
let isLoaded = false;
let onCancel: () => void = () => {};

async function raw(line: string): Promise<void> {
  await writer.write(encoder.encode(`${line}\n`));
}

async function send(message: Readonly<Record<string, unknown>>): Promise<void> {
  await raw(JSON.stringify({ jsonrpc: "2.0", ...message }));
}

async function request(method: string, params: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const id = nextId++;
  const answer = new Promise<Record<string, unknown>>((resolve) => answers.set(id, resolve));
  await send({ id, method, params: { sessionId, ...params } });
  return await answer;
}

async function update(fields: Readonly<Record<string, unknown>>): Promise<void> {
  await send({ method: "session/update", params: { sessionId, update: fields } });
}

async function say(text: string, messageId?: string): Promise<void> {
  await update({
    sessionUpdate: "agent_message_chunk",
    content: { type: "text", text },
    ...(messageId ? { messageId } : {}),
  });
}

const OPTIONS = [
  { optionId: "yes", name: "Allow", kind: "allow_once" },
  { optionId: "always", name: "Always", kind: "allow_always" },
  { optionId: "no", name: "Reject", kind: "reject_once" },
];

/** Ends in the middle of everything, as a program that crashes does. */
function crash(status: number): never {
  // deno-lint-ignore bzzz/no-hidden-effects -- a program of its own, whose end is what is tested
  Deno.exit(status);
}

/** The reason to stop when a step says so. */
async function play(steps: readonly Step[]): Promise<string | undefined> {
  for (const step of steps) {
    const stop = await playOne(step);
    if (stop !== undefined) return stop;
  }
  return undefined;
}

async function playOne(step: Step): Promise<string | undefined> {
  if (step.say !== undefined) await say(step.say.repeat(step.times ?? 1), step.messageId);
  if (step.update) await update(step.update);
  if (step.raw !== undefined) await raw(step.raw);
  if (step.exit !== undefined) crash(step.exit);
  if (step.write) {
    const answer = await request("fs/write_text_file", {
      ...step.write,
      content: step.write.content.repeat(step.times ?? 1),
    });
    if (answer["error"]) await say(JSON.stringify(answer["error"]));
  }
  if (step.read) {
    const { result, error } = await request("fs/read_text_file", step.read);
    await say(error ? JSON.stringify(error) : String((result as { content: unknown }).content));
  }
  if (step.request) {
    const { result, error } = await request(step.request.method, step.request.params);
    await say(JSON.stringify(error ?? result));
  }
  if (step.tell) await say(JSON.stringify({ env: Deno.env.toObject(), cwd: Deno.cwd(), pid: Deno.pid }));
  if (step.permit) {
    const { toolCall, options = OPTIONS, then = [], otherwise = [] } = step.permit;
    const { result } = await request("session/request_permission", { toolCall, options });
    const outcome = (result as { outcome: { outcome: string; optionId?: string } }).outcome;
    const isPermitted = outcome.outcome === "selected" && /yes|always/.test(outcome.optionId ?? "");
    return await play(isPermitted ? then : otherwise);
  }
  if (step.wait === "for ever") await new Promise(() => {});
  if (step.wait === "for cancel") {
    await new Promise<void>((resolve) => onCancel = resolve);
    return "cancelled";
  }
  return step.stop;
}

async function answerTo(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  switch (method) {
    case "initialize":
      return {
        result: {
          protocolVersion: behaviour.version ?? 1,
          agentCapabilities: { loadSession: behaviour.loads ?? false, _unknown: 1 },
          authMethods: [{ id: "login", name: "Log in with the fake" }],
          ...(behaviour.isNameless ? {} : { agentInfo: { name: "fake", title: "Fake Agent", version: "1" } }),
        },
      };
    case "session/new":
      if (behaviour.isLoggedOut) return { error: { code: -32000, message: "Authentication required" } };
      return { result: { sessionId } };
    case "session/load":
      if (behaviour.refusesLoad) return { error: { code: -32002, message: "no such session" } };
      sessionId = String(params["sessionId"]);
      isLoaded = true;
      await play(behaviour.replay ?? []);
      return { result: null };
    case "session/prompt": {
      const turns = (isLoaded ? behaviour.resumed : behaviour.turns) ?? [];
      const steps = turns[turn] ?? [];
      const failure = steps.find(({ error }) => error)?.error;
      if (failure) return { error: failure };
      const stopReason = await play(steps) ?? "end_turn";
      const totalTokens = behaviour.usage?.[turn];
      turn++;
      return { result: { stopReason, ...(totalTokens === undefined ? {} : { usage: { totalTokens } }) } };
    }
    default:
      return { error: { code: -32601, message: method } };
  }
}

async function hear(line: string): Promise<void> {
  if (behaviour.log) await Deno.writeTextFile(behaviour.log, `${line}\n`, { append: true });
  const message = JSON.parse(line);
  if (message.method === undefined) return answers.get(message.id)?.(message);
  if (message.method === "session/cancel") return onCancel();
  if (behaviour.isSilent) return;
  await send({ id: message.id, ...await answerTo(message.method, message.params) });
  if (message.method === "session/prompt") await play(behaviour.afterwards ?? []);
}

for (const line of behaviour.first ?? []) await raw(line);
if (behaviour.exitFirst !== undefined) crash(behaviour.exitFirst);
let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) hear(line).catch((error) => Deno.stderr.writeSync(encoder.encode(`${error}\n`)));
}
// a listener that nobody closes keeps it alive
if (behaviour.ignoresEnd) await Deno.listen({ hostname: "127.0.0.1", port: 0 }).accept();
