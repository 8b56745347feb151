import { REQUEST_STATES, type RequestView } from "@bzzz/api";
import { EXIT, type ExitStatus } from "../exit.ts";
import { CliError, usageError } from "../errors.ts";
import { describeRequest, nameOf, relativeTime } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, CommandContext } from "../types.ts";
import { given, textOrInput } from "../values.ts";

/** Characters of the digest that a person types for a request of high stakes: proof of having looked. */
const TYPED_DIGEST_CHARACTERS = 4;
/** Characters that a script must give: it has the whole digest at hand. */
const MIN_FLAG_DIGEST_CHARACTERS = 16;
/** Keys that were meant for something else do not decide (design, portal C.3). */
const ASK_GUARD_MS = 700;

const REQUEST = { name: "ask", summary: "Its id, or the short one", isRequired: true } as const;

const inbox: Command = {
  name: "inbox",
  group: "people",
  summary: "What agents ask of you",
  flags: [
    {
      name: "state",
      type: "string",
      value: "STATE",
      choices: [...REQUEST_STATES, "all"],
      summary: "In this state (pending)",
    },
    { name: "all", type: "boolean", summary: "Also those for other people" },
    { name: "limit", type: "integer", value: "N", summary: "At most so many (100)" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const wanted = context.values.text("state") ?? "pending";
    const state = REQUEST_STATES.find((one) => one === wanted);
    const found = await (await context.client()).requests({
      ...given("state", state),
      ...given("limit", context.values.integer("limit")),
    }, { signal: context.signal });
    const items = found.filter((request) => request.is_addressed_to_me || context.values.has("all"));
    const nowMs = context.clock.nowMs();
    await context.out.list(items, {
      heading: ["ASK", "STAKES", "KIND", "FROM", "DUE", "STATE", "TITLE"],
      row: (request) => [
        sanitiseLine(request.short_id),
        request.stakes === "high" ? "HIGH !" : request.stakes,
        request.kind,
        nameOf(request.from),
        request.deadline_ms === undefined ? "-" : relativeTime(request.deadline_ms, nowMs),
        request.state,
        sanitiseLine(request.title, 120),
      ],
      empty: wanted === "pending" ? "Nobody waits for you." : "No asks.",
    });
    return EXIT.ok;
  },
};

const show: Command = {
  name: "show",
  group: "people",
  summary: "All of one ask: what is answered is exactly this",
  args: [REQUEST],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await load(context);
    await context.out.item(request, () => describeRequest(request, context.format, context.clock.nowMs()));
    return EXIT.ok;
  },
};

const answer: Command = {
  name: "answer",
  group: "people",
  summary: "Answer a question, or choose",
  details:
    'The words are the answer; "-" reads standard input. For a choice they are the choice itself, or its number.',
  args: [REQUEST, { name: "text", summary: "The answer", isRequired: true, isRest: true }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await load(context);
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
    "required, so that no script approves what nobody has seen.",
  args: [REQUEST],
  flags: [
    {
      name: "digest",
      type: "string",
      value: "HEX",
      summary: `Digest of what was seen, at least ${MIN_FLAG_DIGEST_CHARACTERS} characters of its beginning`,
    },
    { name: "note", type: "string", value: "TEXT", summary: "Told to the agent" },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await load(context);
    mustBeApproval(request, "approve");
    const digest = context.values.text("digest")?.toLowerCase();
    if (digest === undefined) await confirm(context, request);
    else if (digest.length < MIN_FLAG_DIGEST_CHARACTERS || !request.digest.startsWith(digest)) {
      throw new CliError(
        "invalid_request",
        `Cannot approve ask ${request.short_id}: the digest is not of what it shows now; look again with show ${request.short_id}`,
      );
    }
    return await decide(context, request, { decision: "approve", ...given("reason", context.values.text("note")) });
  },
};

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
  summary: "Refuse an approval, and say why",
  args: [REQUEST, { name: "why", summary: "The reason", isRest: true }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "The same as the words" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await load(context);
    mustBeApproval(request, "deny");
    const words = context.values.list("why");
    const reason = context.values.text("reason") ?? (await textOrInput(words, context.readInput)).trim();
    return await decide(context, request, { decision: "deny", ...given("reason", reason === "" ? undefined : reason) });
  },
};

function mustBeApproval(request: RequestView, decision: "approve" | "deny"): void {
  if (request.allow.includes(decision)) return;
  const offered = request.allow.map((verb) => sanitiseLine(verb)).join(", ");
  throw new CliError(
    "decision_not_offered",
    `Cannot ${decision} ask ${request.short_id}: it offers ${offered || "nothing"}`,
  );
}

async function load(context: CommandContext): Promise<RequestView> {
  const client = await context.client();
  return await client.request(context.values.required("ask"), { signal: context.signal });
}

const DONE = { answer: "Answered", choose: "Chose for", approve: "Approved", deny: "Denied" } as const;

/** Sends the decision for exactly the request that was loaded: by its full id and its digest. */
async function decide(
  context: CommandContext,
  request: RequestView,
  decision: { decision: keyof typeof DONE; text?: string; choice?: string; reason?: string },
): Promise<ExitStatus> {
  const client = await context.client();
  const answered = await client.answer(request.request_id, { request_digest: request.digest, ...decision }, {
    signal: context.signal,
  });
  const chosen = decision.choice === undefined ? "" : `: ${sanitiseLine(decision.choice)}`;
  const once = decision.decision === "approve" ? ", once" : "";
  await context.out.item(answered, () => `${DONE[decision.decision]} ask ${request.short_id}${chosen}${once}`);
  return EXIT.ok;
}

/** The inbox of a person. */
export const PEOPLE_COMMANDS: readonly Command[] = [inbox, show, answer, approve, deny];
