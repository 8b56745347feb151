import type { AnswerInput, RequestView } from "@bzzz/api";
import type { FormValues } from "@bzzz/hmmm";
import { CliError, usageError } from "../errors.ts";
import { EXIT, type ExitStatus } from "../exit.ts";
import { describeRequest, formFields } from "../render_request.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given, parseDuration, textOrInput } from "../values.ts";
import { fillForm, FORM_FLAGS, isFilledIn } from "./ask_form.ts";
import { loadRequest, mustOffer, parseAddressee, REQUEST_ARG } from "./one_request.ts";
import { withPassphrase } from "./passphrase.ts";
import { readJsonFile } from "./read_file.ts";

/** Characters of the digest that a person types for a request of high stakes: proof of having looked. */
const TYPED_DIGEST_CHARACTERS = 4;
/** Characters that a script must give: it has the whole digest at hand. */
const MIN_FLAG_DIGEST_CHARACTERS = 16;
/** Keys that were meant for something else do not decide (design, portal C.3). */
const ASK_GUARD_MS = 700;
const DEFAULT_SNOOZE_MS = 3_600_000;

type Action = NonNullable<RequestView["action"]>;
type Decision = Omit<AnswerInput, "request_digest">;

const answer: Command = {
  name: "answer",
  group: "people",
  summary: "Answer a question, choose, or fill a form in",
  details:
    'The words are the answer; "-" reads standard input. For a choice they are the choice itself, or its number. A form is ' +
    "filled in by --set NAME=VALUE and --json-file; without either its fields are asked one by one.",
  args: [REQUEST_ARG, { name: "text", summary: "The answer", isRest: true }],
  flags: FORM_FLAGS,
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await loadRequest(context);
    const fields = formFields(request);
    if (isFilledIn(context) || (fields.length > 0 && context.values.list("text").length === 0)) {
      return await decide(context, request, { decision: "answer", values: { ...await fillIn(context, request) } });
    }
    const text = (await textOrInput(context.values.list("text"), context.readInput)).trim();
    if (text === "") throw usageError("Cannot answer with nothing: say something");
    if (request.kind === "approval") {
      throw new CliError(
        "decision_not_offered",
        `Cannot answer ask ${request.short_id} with words: it is an approval; use approve ${request.short_id} or deny ${request.short_id} --reason …`,
      );
    }
    const choices = request.choices ?? [];
    const isChoice = request.kind === "choice" || (choices.length > 0 && !request.allow.includes("answer"));
    return await decide(
      context,
      request,
      isChoice ? { decision: "choose", choice: pickChoice(request, text) } : { decision: "answer", text },
    );
  },
};

async function fillIn(context: CommandContext, request: RequestView): Promise<FormValues> {
  const fields = formFields(request);
  if (fields.length === 0) throw usageError(`Cannot fill ask ${request.short_id} in: it has no form`);
  return await fillForm(context, fields, `ask ${request.short_id}`);
}

function pickChoice(request: RequestView, text: string): string {
  const choices = request.choices ?? [];
  const exact = choices.find((choice) => choice === text) ??
    choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  const picked = exact ?? (/^\d{1,3}$/.test(text) ? choices[Number(text) - 1] : undefined);
  if (picked !== undefined) return picked;
  const list = choices.map((choice, i) => `${i + 1}. ${sanitiseLine(choice, 80)}`).join(", ");
  throw new CliError("invalid_request", `Cannot choose "${sanitiseLine(text, 80)}": the choices are ${list}`);
}

const approve: Command = {
  name: "approve",
  group: "people",
  summary: "Approve exactly what an ask shows",
  details:
    "Shows all of the ask and has you confirm: y, or for high stakes the end of its digest. Without a terminal --digest is " +
    "required, so that no script approves what nobody has seen. An approval is for this once unless said otherwise: approve " +
    "ASK task, approve ASK until 2h, or --scope.",
  args: [
    REQUEST_ARG,
    { name: "hold", summary: "once, task, until, or a time: the same action needs no new ask" },
    { name: "time", summary: "How long, behind until" },
  ],
  flags: [
    {
      name: "digest",
      type: "string",
      value: "HEX",
      summary: `Digest of what was seen, at least ${MIN_FLAG_DIGEST_CHARACTERS} characters of its beginning or its end`,
    },
    {
      name: "scope",
      type: "string",
      value: "SCOPE",
      summary: "The same as the words: once, task, or a time",
    },
    { name: "edit", type: "string", value: "FILE", summary: "Approve this action instead: JSON, with the same verb" },
    { name: "note", type: "string", value: "TEXT", summary: "Told to the agent" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const request = await loadRequest(context);
    mustOffer(request, "approve");
    const words = [values.text("hold"), values.text("time")].filter((word) => word !== undefined).join(" ");
    const scope = scopeOf(oneOf(values.text("scope"), words, "--scope"), context.clock.nowMs());
    const edit = values.text("edit");
    if (edit !== undefined) mustOffer(request, "edit");
    const edited = edit === undefined ? undefined : await readAction(edit, context);
    const digest = values.text("digest")?.toLowerCase();
    if (digest === undefined) await confirm(context, edited ? preview(request, edited) : request);
    else if (!isOf(digest, request.digest)) {
      throw new CliError(
        "invalid_request",
        `Cannot approve ask ${request.short_id}: the digest is not of what it shows now; look again with show ${request.short_id}`,
      );
    }
    return await decide(context, request, {
      decision: "approve",
      ...given("reason", values.text("note")),
      ...scope,
      ...(edited ? { edited_action: edited } : {}),
    });
  },
};

/** The action in a file, so far that it can be shown; what else is wrong with it the node says. @throws CliError */
async function readAction(path: string, context: CommandContext): Promise<Action> {
  const { verb, target = "", args = [], effect = "", ...rest } = await readJsonFile(path, context);
  if (typeof verb !== "string" || typeof target !== "string" || typeof effect !== "string" || !Array.isArray(args)) {
    throw new CliError(
      "validation_failed",
      `Cannot read "${path}": an action has texts "verb", "target" and "effect", and a list "args" of {name, value}`,
    );
  }
  return { ...rest, verb, target, args: args.map((arg) => Object(arg)), effect };
}

/** What is confirmed is the edited action: the person sees it in the place of the one that was asked for. */
function preview(request: RequestView, action: Action): RequestView {
  return { ...request, action };
}

function isOf(part: string, digest: string): boolean {
  return part.length >= MIN_FLAG_DIGEST_CHARACTERS && (digest.startsWith(part) || digest.endsWith(part));
}

function scopeOf(text: string | undefined, nowMs: number): Pick<Decision, "scope" | "until_ms"> {
  if (text === undefined) return {};
  if (text === "once" || text === "task") return { scope: text };
  const forMs = parseDuration(text.replace(/^until[: ]/, ""));
  if (forMs !== undefined && forMs > 0) return { scope: "until", until_ms: nowMs + forMs };
  throw usageError(`Cannot approve for "${text}": it is once, task, or a time like 2h`);
}

/** What a flag says, or words in its place. @throws CliError "usage" where both speak */
function oneOf(flag: string | undefined, words: string | undefined, name: string): string | undefined {
  if (words === undefined || words === "") return flag;
  if (flag !== undefined) throw usageError(`Cannot take both "${words}" and ${name} ${flag}: say one of them`);
  return words;
}

/** @throws CliError "usage" where nobody can be asked, "cancelled" when the person did not confirm */
async function confirm(context: CommandContext, request: RequestView): Promise<void> {
  if (!context.ask || context.out.isJson) {
    throw usageError(`Cannot approve ask ${request.short_id} unseen: give --digest, from show ${request.short_id}`);
  }
  await context.out.text(describeRequest(request, context.format, context.clock.nowMs()).join("\n"));
  const wanted = request.stakes === "high" ? request.digest.slice(-TYPED_DIGEST_CHARACTERS) : "y";
  const typed = await context.ask(`type ${wanted} to approve: `, { guardMs: ASK_GUARD_MS });
  if (typed?.trim().toLowerCase() !== wanted) throw new CliError("cancelled", "Not approved: nothing was sent");
}

const deny: Command = {
  name: "deny",
  group: "people",
  summary: "Refuse, and say why",
  args: [REQUEST_ARG, { name: "why", summary: "The reason", isRest: true }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "The same as the words" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await loadRequest(context);
    mustOffer(request, "deny");
    const words = context.values.list("why");
    const reason = context.values.text("reason") ?? (await textOrInput(words, context.readInput)).trim();
    return await decide(context, request, { decision: "deny", ...given("reason", reason === "" ? undefined : reason) });
  },
};

const snooze: Command = {
  name: "snooze",
  group: "people",
  summary: "Put an ask off: it comes back by itself",
  details: "Who asked sees that you have put it off. A time of 0s takes it back at once.",
  args: [REQUEST_ARG, { name: "time", summary: "So long (1h)" }],
  flags: [
    { name: "for", type: "duration", value: "TIME", summary: "The same as the time" },
    { name: "reason", type: "string", value: "TEXT", summary: "Why; who asked reads it" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values } = context;
    const time = values.text("time");
    const forMs = values.durationMs("for") ?? (time === undefined ? DEFAULT_SNOOZE_MS : parseDuration(time));
    if (time !== undefined && values.durationMs("for") !== undefined) {
      throw usageError(`Cannot take both "${time}" and --for: say one of them`);
    }
    if (forMs === undefined) throw usageError(`Cannot put it off for "${time}": expected a time like 30m, 1h or 2d`);
    const request = await loadRequest(context);
    const untilMs = context.clock.nowMs() + forMs;
    const handled = await (await context.client()).handle(request.request_id, {
      request_digest: request.digest,
      act: "snooze",
      until_ms: untilMs,
      ...given("reason", context.values.text("reason")),
    }, { signal: context.signal });
    await context.out.item(
      handled,
      () =>
        `Ask ${request.short_id} ${
          handled.state === "snoozed" ? `is put off until ${context.format.date(untilMs)}` : "is back"
        }`,
    );
    return EXIT.ok;
  },
};

const escalate: Command = {
  name: "escalate",
  group: "people",
  summary: "Hand an ask on: others may answer it, too",
  args: [REQUEST_ARG, { name: "whom", summary: "@person, role:name, or all (all)" }],
  flags: [
    { name: "to", type: "string", value: "WHOM", summary: "The same as the word" },
    { name: "reason", type: "string", value: "TEXT", summary: "Why" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const to = parseAddressee(oneOf(context.values.text("to"), context.values.text("whom"), "--to") ?? "all");
    const request = await loadRequest(context);
    mustOffer(request, "escalate");
    const handled = await (await context.client()).handle(request.request_id, {
      request_digest: request.digest,
      act: "escalate",
      to,
      ...given("reason", context.values.text("reason")),
    }, { signal: context.signal });
    const whom = to.human ?? (to.role === undefined ? "everyone" : `role ${to.role}`);
    await context.out.item(handled, () => `Handed ask ${request.short_id} on to ${sanitiseLine(whom)}`);
    return EXIT.ok;
  },
};

const DONE = { answer: "Answered", choose: "Chose for", approve: "Approved", deny: "Denied" } as const;

/** Sends the decision for exactly the request that was loaded: by its full id and its digest. */
async function decide(context: CommandContext, request: RequestView, decision: Decision): Promise<ExitStatus> {
  const client = await context.client();
  const input = { request_digest: request.digest, ...decision };
  const answered = await withPassphrase(
    context,
    (given) => client.answer(request.request_id, { ...input, ...given }, { signal: context.signal }),
  );
  const chosen = decision.choice === undefined ? "" : `: ${sanitiseLine(decision.choice)}`;
  const scope = decision.until_ms === undefined
    ? decision.scope ?? "once"
    : `until ${context.format.date(decision.until_ms)}`;
  const validity = decision.decision === "approve" ? `, ${scope}` : "";
  const waits = answered.answer === undefined ? "; others are asked, too" : "";
  await context.out.item(
    answered,
    () => `${DONE[decision.decision]} ask ${request.short_id}${chosen}${validity}${waits}`,
  );
  return EXIT.ok;
}

/** Deciding, putting off and handing on. */
export const ANSWER_COMMANDS: readonly Command[] = [answer, approve, deny, snooze, escalate];
