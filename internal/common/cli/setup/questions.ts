/**
 * What the setup asks, as data: the terminal, a page and a file of answers run the same questions.
 *
 * @module
 */
import { type SetupAnswers, setupAnswersSchema, type SetupKey, type SetupStep } from "./answers.ts";

/** What is so before anybody answers. */
export interface SetupFacts {
  readonly binaryType: "agent" | "hap";
  readonly home: string;
  /** The mesh this data directory belongs to already. */
  readonly member?: { readonly agentId: string; readonly meshName: string };
  readonly defaultAgentId: string;
  readonly defaultPorts: { readonly first: number; readonly p2p: number };
  /** An attempt before this one has made keys and locked them. */
  readonly areKeysLocked: boolean;
}

/** One question. */
export interface Question {
  readonly key: SetupKey;
  readonly step: SetupStep;
  readonly text: string;
  /** The answer of an empty line. */
  readonly fallback: string;
  /** The question beside a field of a form. */
  readonly label: string;
  readonly help?: string;
  /** The only answers there are, each in words. */
  readonly choices?: Readonly<Record<string, string>>;
}

interface QuestionSpec extends Omit<Question, "fallback"> {
  readonly fallback: (facts: SetupFacts) => string;
  readonly isFor?: (facts: SetupFacts, answers: SetupAnswers) => boolean;
}

const isNew = (facts: SetupFacts) => facts.member === undefined;
const isPerson = (facts: SetupFacts) => facts.binaryType === "hap";
const YES_OR_NO = { yes: "yes", no: "no" } as const;

const SPECS: readonly QuestionSpec[] = [
  {
    key: "agent_id",
    step: "who",
    text: "Your name in the mesh: a-z, 0-9 and -",
    label: "Your name in the mesh",
    help: "a-z, 0-9 and -",
    fallback: (facts) => facts.defaultAgentId,
    isFor: isNew,
  },
  {
    key: "mesh",
    step: "mesh",
    text: "Create a mesh of your own, or join one you have a token for: create or join",
    label: "The mesh",
    choices: { create: "Create a mesh of my own", join: "Join one that I have a token for" },
    fallback: () => "create",
    isFor: isNew,
  },
  {
    key: "mesh_name",
    step: "mesh",
    text: "Name of the mesh",
    label: "Name of the mesh",
    help: "of one that you create",
    fallback: () => "bzzz",
    isFor: (facts, answers) => isNew(facts) && answers.mesh === "create",
  },
  {
    key: "lock_keys",
    step: "keys",
    text: "Lock the keys with a passphrase, which is then asked for at every start: yes or no",
    label: "Lock the keys with a passphrase, which is then asked for at every start",
    choices: YES_OR_NO,
    fallback: () => "no",
    isFor: isNew,
  },
  {
    key: "own_key",
    step: "keys",
    text: "Your own key, which signs what you decide: new, or restore one you have, from shares of its recovery sheet",
    label: "My own key, which signs what I decide",
    choices: { new: "Make a new one", restore: "Restore one that I have, from shares of its recovery sheet" },
    fallback: () => "new",
    isFor: (facts) => isNew(facts) && isPerson(facts),
  },
  {
    key: "recovery_sheet",
    step: "keys",
    text: "At the end, show a sheet for you to keep that restores your own key if this machine is lost: yes or no",
    label: "At the end, show a sheet for me to keep that restores my own key if this machine is lost",
    choices: YES_OR_NO,
    fallback: () => "yes",
    isFor: (facts, answers) => isNew(facts) && isPerson(facts) && answers.own_key !== "restore",
  },
  {
    key: "first_port",
    step: "ports",
    text: "First of four ports on this machine: API, health, context, pages; 0 lets the system choose",
    label: "First of four ports on this machine",
    help: "API, health, context, pages; 0 lets the system choose",
    fallback: (facts) => String(facts.defaultPorts.first),
  },
  {
    key: "p2p_port",
    step: "ports",
    text: "Port for other nodes; 0 lets the system choose",
    label: "Port for other nodes",
    help: "0 lets the system choose",
    fallback: (facts) => String(facts.defaultPorts.p2p),
  },
  {
    key: "interface",
    step: "interface",
    text: "How you work with it: terminal (a full screen), plain (lines, for screen readers), web (a page), headless",
    label: "How you work with it",
    choices: {
      terminal: "A full screen in the terminal",
      plain: "Lines in the terminal, for screen readers",
      web: "A page in the browser",
      headless: "With commands alone",
    },
    fallback: () => "terminal",
    isFor: isPerson,
  },
  {
    key: "bell",
    step: "notifications",
    text: "Ring the terminal's bell when somebody waits for you; it rang just now, did you notice: yes or no",
    label: "Ring the terminal's bell when somebody waits for you",
    choices: YES_OR_NO,
    fallback: () => "yes",
    isFor: isPerson,
  },
  {
    key: "desktop_notifications",
    step: "notifications",
    text: "Also send notifications to the desktop, where the terminal can: yes or no",
    label: "Also send notifications to the desktop, where the terminal can",
    choices: YES_OR_NO,
    fallback: () => "no",
    isFor: isPerson,
  },
  {
    key: "capabilities",
    step: "work",
    text: "What this agent can do, names with commas; empty for anything that asks for nothing special",
    label: "What this agent can do",
    help: "names with commas; empty for anything that asks for nothing special",
    fallback: () => "",
    isFor: (facts) => facts.binaryType === "agent",
  },
];

/** The questions that are asked after these answers, in their order; only those of `step` when one is given. */
export function questionsFor(facts: SetupFacts, answers: SetupAnswers, step?: SetupStep): readonly Question[] {
  return SPECS
    .filter((spec) => (step === undefined || spec.step === step) && (spec.isFor?.(facts, answers) ?? true))
    .map(({ isFor: _, fallback, ...question }) => ({ ...question, fallback: fallback(facts) }));
}

/** The next question without an answer; undefined when everything is known. */
export function nextQuestion(facts: SetupFacts, answers: SetupAnswers, step?: SetupStep): Question | undefined {
  return questionsFor(facts, answers, step).find(({ key }) => answers[key] === undefined);
}

/** What came of a line that was typed. */
export type Reading =
  | { readonly answers: SetupAnswers }
  /** What is expected instead. */
  | { readonly problem: string };

/** Takes a line as the answer to a question; an empty one is its fallback. */
export function readAnswer(answers: SetupAnswers, question: Question, line: string): Reading {
  const text = line.trim() === "" ? question.fallback : line.trim();
  const result = setupAnswersSchema().safeParse({ ...answers, [question.key]: valueOf(question.key, text) });
  if (result.success) return { answers: result.data };
  const [issue] = result.error.issues;
  return { problem: `That cannot be used: expected ${issue?.message ?? "something else"}.` };
}

/** Takes back the last answer of the questions there are. */
export function takeBack(facts: SetupFacts, answers: SetupAnswers, step?: SetupStep): SetupAnswers {
  const last = questionsFor(facts, answers, step).findLast(({ key }) => answers[key] !== undefined);
  if (!last) return answers;
  const { [last.key]: _taken, ...rest } = answers;
  return rest;
}

/** An answer as it would be typed; undefined when there is none. */
export function lineOf(answers: SetupAnswers, key: SetupKey): string | undefined {
  const value = answers[key];
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") : value === undefined ? undefined : String(value);
}

/** A line as the value its key wants; what fits none stays a text, which the schema then refuses. */
function valueOf(key: SetupKey, text: string): unknown {
  switch (key) {
    case "lock_keys":
    case "recovery_sheet":
    case "bell":
    case "desktop_notifications":
      if (/^(y|yes|true)$/i.test(text)) return true;
      return /^(n|no|false)$/i.test(text) ? false : text;
    case "first_port":
    case "p2p_port":
      return /^\d{1,6}$/.test(text) ? Number(text) : text;
    case "capabilities":
      return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
    case "agent_id":
    case "mesh_name":
      return text;
    case "mesh":
    case "own_key":
    case "interface":
      return text.toLowerCase();
  }
}
