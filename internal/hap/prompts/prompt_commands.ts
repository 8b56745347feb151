import {
  CliError,
  type Command,
  type CommandContext,
  EXIT,
  sanitiseLine,
  sanitiseText,
  usageError,
  withPassphrase,
} from "@bzzz/cli";
import { formatIssues } from "@bzzz/config";
import { IDS_FLAG, tellIds } from "../forms/library_ids.ts";
import { findListed, lintLibrary } from "../forms/library_lint.ts";
import type { YamlLibrary } from "../forms/library.ts";
import { textIn } from "./word_request.ts";
import { parseWording, type Spoken, type Wording } from "./wording.ts";

/** Where a command finds the prompt library. */
export type PromptsOf = (context: CommandContext) => Promise<YamlLibrary<Wording>>;

const PROMPT_ARG = {
  name: "prompt",
  summary: "Its id, as prompts list shows it",
  isRequired: true,
  valuesFrom: "prompts list --ids",
} as const;

/** The verbs of the prompt library. */
export function createPromptCommands(promptsOf: PromptsOf): readonly Command[] {
  const list: Command = {
    name: "prompts list",
    aliases: ["prompts"],
    group: "people",
    summary: "Your wordings of asks, and how many replies each has",
    flags: [IDS_FLAG],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const { entries, broken, notes } = await (await promptsOf(context)).read();
      if (context.values.has("ids")) return await tellIds(context, entries.keys());
      const rows = [...entries.values()].map(({ value, origin }) => ({
        id: value.id,
        version: value.version,
        kind: value.kind ?? "any",
        title: textIn(value.title, []),
        replies: value.quickReplies.length,
        origin,
      }));
      await context.out.list(rows, {
        heading: ["PROMPT", "VERSION", "KIND", "REPLIES", "TITLE"],
        row: (
          { id, version, kind, replies, title },
        ) => [id, `v${version}`, kind, String(replies), sanitiseLine(title, 80)],
        empty: "No prompts.",
      });
      for (const note of notes) await context.note(note);
      for (const id of broken.keys()) await context.note(`Prompt "${id}" cannot be used: prompts lint says why`);
      return EXIT.ok;
    },
  };

  const show: Command = {
    name: "prompts show",
    group: "people",
    summary: "One wording with its values, its checklist and its replies",
    args: [PROMPT_ARG],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const { value, origin } = await find(context);
      await context.out.item({ ...value, origin }, () => describe(value, origin));
      return EXIT.ok;
    },
  };

  const lint: Command = {
    name: "prompts lint",
    group: "people",
    summary: "Look whether the prompt library is valid: every mistake with its line",
    args: [{ name: "file", summary: "One file instead of the folder of interface.prompt_library_path" }],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const { where, ids, issues } = await lintLibrary(
        await promptsOf(context),
        context.values.text("file"),
        parseWording,
      );
      if (issues.length > 0) {
        throw new CliError("validation_failed", `Cannot use the prompts:\n${formatIssues(issues)}`);
      }
      await context.out.item({ where, prompts: ids }, () => `${where}: ${ids.length} prompts, valid`);
      return EXIT.ok;
    },
  };

  const prompt: Command = {
    name: "prompt",
    group: "people",
    summary: "Answer an ask with a reply that you keep ready",
    details: "A reply denies, answers or chooses; nothing is approved by one.",
    args: [
      PROMPT_ARG,
      { name: "key", summary: "Of its reply", isRequired: true },
      { name: "ask", summary: "Its id, or the short one", isRequired: true },
    ],
    needs: "node",
    isInPortal: true,
    async run(context) {
      const { values, signal } = context;
      const { value } = await find(context);
      const key = values.required("key");
      const reply = value.quickReplies.find((one) => one.key === key);
      if (!reply) {
        const keys = value.quickReplies.map((one) => one.key).join(", ") || "none";
        throw new CliError(
          "not_found",
          `Cannot reply "${sanitiseLine(key, 16)}": the replies of ${value.id} are ${keys}`,
        );
      }
      const client = await context.client();
      const request = await client.request(values.required("ask"), { signal });
      const text = replyText(request, value, reply);
      const field = { deny: "reason", answer: "text", choose: "choice" } as const;
      const input = { request_digest: request.digest, decision: reply.decision, [field[reply.decision]]: text };
      await withPassphrase(context, (given) => client.answer(request.request_id, { ...input, ...given }, { signal }));
      await context.out.item(
        { request_id: request.request_id, decision: reply.decision, text },
        () => `Ask ${sanitiseLine(request.short_id)}: ${reply.decision}, ${sanitiseLine(text)}`,
      );
      return EXIT.ok;
    },
  };

  const find = async (context: CommandContext) =>
    await findListed(await promptsOf(context), { what: "prompt", id: context.values.required("prompt") });
  return [prompt, list, show, lint];
}

/** The words with the values of the ask where it names this wording; a reply with placeholders fits no other. */
function replyText(
  request: { readonly short_id: string; readonly wording?: WordingView | undefined },
  { id }: Wording,
  { key, text, decision }: Wording["quickReplies"][number],
): string {
  const worded = request.wording?.id === id ? request.wording.listed : undefined;
  const said = worded?.quick_replies.find((one) => one.key === key)?.text ?? textIn(text, []);
  if (worded || decision === "choose" || !said.includes("{{")) return said;
  throw usageError(
    `Cannot reply to ask ${
      sanitiseLine(request.short_id)
    }: the reply has values of the wording "${id}", which it does not name`,
  );
}

interface WordingView {
  readonly id: string;
  readonly listed?: { readonly quick_replies: readonly { readonly key: string; readonly text: string }[] } | undefined;
}

function describe(
  { id, version, kind, stakes, title, explain, checklist, quickReplies, params }: Wording,
  origin: string,
): string[] {
  const said = (label: string, text: Spoken | undefined): string[] => {
    if (text === undefined) return [];
    if (typeof text === "string") return [`${label}: ${sanitiseText(text)}`];
    return Object.entries(text).map(([language, one]) => `${label} (${language}): ${sanitiseText(one)}`);
  };
  return [
    `Prompt ${id} v${version}, for asks of ${kind === undefined ? "any kind" : `kind ${kind}`}${
      stakes === undefined ? "" : `, at least ${stakes} stakes`
    }`,
    `From: ${sanitiseLine(origin)}`,
    ...said("Title", title),
    ...said("Text", explain),
    ...checklist.flatMap((one) => said("Check", one)),
    ...quickReplies.flatMap(({ key, decision, text }) => said(`Reply ${key}, ${decision}`, text)),
    ...params.map(({ name, type, values }) =>
      `Value ${name}: ${values ? `one of ${values.map((v) => sanitiseLine(v)).join(", ")}` : type}`
    ),
  ];
}
