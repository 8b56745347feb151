import { sanitiseLine } from "@bzzz/cli";
import type { AuthorLabel, EarlierAnswer, ExecutionJob } from "../../types.ts";
import { earlierTriesText } from "../earlier_tries.ts";
import { FENCE_RULE, fenced, nameOf } from "../fence.ts";
import { verbOf } from "./permission.ts";
import { TOOL_KINDS } from "./protocol.ts";

/** A permission that was not given, for the program to hear why. */
export interface Denial {
  /** What it was about, as people were asked. */
  readonly title: string;
  readonly reason: string | undefined;
  /** Who refused; undefined: nobody was asked, the task has no right to it, or nobody answered. */
  readonly by: AuthorLabel | undefined;
}

const RULES = [
  "You work on a task of a mesh of agents and people. Nobody reads along and nobody can answer you: what needs a " +
  "decision, ask as a permission of a tool call. People are asked then, and it may take long.",
  "Work in the folder you were started in, and nowhere else. Your last message is the result of the task: say in it what " +
  "came out, complete enough to be used without what you said before.",
  FENCE_RULE,
];

/** The first words of a session: the task as data, with what people have decided about it before. */
export function taskPrompt(job: ExecutionJob, options: { readonly wasInterrupted: boolean }): string {
  const [poster, ...parents] = job.postedBy;
  const by = poster ? `, by ${nameOf(poster)}` : "";
  return [
    ...RULES,
    ...(parents.length === 0
      ? []
      : [`It is a part of a task of ${parents.map(nameOf).join(", which is a part of one of ")}.`]),
    ...(job.rights === undefined ? [] : [rightsOf(job.rights)]),
    ...(options.wasInterrupted ? [INTERRUPTED] : []),
    fenced(`title of the task${by}`, job.title),
    ...(job.description === "" ? [] : [fenced(`description of the task${by}`, job.description)]),
    ...(job.input === undefined ? [] : [fenced(`input of the task${by}`, job.input)]),
    ...earlierTriesText(job.earlierTries),
    ...answers(job.answers),
  ].join("\n\n");
}

/** What a session that was loaded again is told: its task it knows. */
export function resumePrompt(job: ExecutionJob): string {
  return [INTERRUPTED, FENCE_RULE, ...answers(job.answers)].join("\n\n");
}

/** What it need not ask for, because nobody will be asked. */
function rightsOf(rights: readonly string[]): string {
  const kinds = TOOL_KINDS.filter((kind) => rights.includes(verbOf(kind)));
  return kinds.length === 0
    ? "This task has no right to any tool that needs a permission: do it without."
    : `This task has the right to ask permission for tools of these kinds and no others: ${kinds.join(", ")}.`;
}

const INTERRUPTED =
  "This work was interrupted. What is in the folder was left by it. Look how far it came, and go on: " +
  "do not do again what is done. Ask again for what you still need permission for; what people have decided is known, and " +
  "is answered at once.";

/** What the program is told when its turn is over: the protocol's own answer has no place for a reason. */
export function denialPrompt(denials: readonly Denial[]): string {
  return [
    "Permissions you asked for were not given, for these reasons.",
    ...denials.map(({ title, reason, by }) =>
      fenced(`why not: ${sanitiseLine(title)}${by ? `, by ${nameOf(by)}` : ""}`, reason ?? "no reason was given")
    ),
    "Go on with the task in the light of that, without doing what was refused. If you have finished, give the result again, " +
    "complete.",
  ].join("\n\n");
}

function answers(all: readonly EarlierAnswer[]): string[] {
  if (all.length === 0) return [];
  return [
    "People have decided about this task before:",
    ...all.map((answer) => {
      const { title, decision, reason, text, choice, performed, by, isOfFailedTry } = answer;
      const said = [
        `${decision}: ${title}`,
        ...[choice, text, reason].filter((one) => one !== undefined && one !== ""),
        ...(isOfFailedTry ? ["That was in an earlier try, which failed, perhaps because of it."] : []),
        ...(performed === undefined ? [] : [`It was told since: ${performed}. Do not do it again.`]),
      ];
      return fenced(`decision${by ? ` of ${nameOf(by)}` : ""}`, said.join("\n"));
    }),
  ];
}
