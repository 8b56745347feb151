import { hexEncode, utf8Encode } from "@bzzz/base";
import { sanitiseText } from "@bzzz/cli";
import { sha256 } from "@bzzz/crypto";
import { MAX_TITLE_CHARACTERS, type RequestAction } from "@bzzz/wire";
import type { AskRequest } from "../../types.ts";
import type { PermissionOption } from "./protocol.ts";
import { textOf, type ToolCall, type ToolKind } from "./tool_calls.ts";
import { wordsOf } from "./words.ts";

/** How much of a person's attention each kind asks for: what cannot be judged, or not be undone, most of it. */
const STAKES: Readonly<Record<ToolKind, "low" | "normal" | "high">> = {
  read: "low",
  search: "low",
  think: "low",
  edit: "normal",
  move: "normal",
  fetch: "normal",
  delete: "high",
  execute: "high",
  // leads to another set of permissions
  switch_mode: "high",
  other: "high",
};

/** What it does when it was not told otherwise. */
const EFFECTS: Readonly<Record<ToolKind, string>> = {
  read: "It reads.",
  search: "It searches.",
  think: "It goes on thinking.",
  edit: "It changes files.",
  move: "It moves or renames files.",
  fetch: "It gets something from elsewhere.",
  delete: "It deletes.",
  execute: "It runs a command, with the rights of the agent's user.",
  switch_mode: "It goes on in another mode, which may ask for less.",
  other: "What it does is not told.",
};

/** As the wire bounds them. */
const MAX_TARGET = 2560;
const MAX_VALUE = 8192;
const MAX_EFFECT = 4096;
/** Characters of what a tool call says that are shown; the rest of the effect is ours. */
const MAX_SAID = 3000;
const MAX_ARGS = 60;
const MAX_NAME = 64;
/** Characters of what the program calls itself and a tool call. */
const MAX_WORDS = 1000;
/** Characters of all arguments together, and the least that each has all the same: a request has to fit an entry. */
const MAX_ARGS_CHARACTERS = 60_000;
const MIN_VALUE = 200;
/** Characters of all that a person is shown; a request has to fit an envelope with room to spare. */
const MAX_BODY = 48_000;
/** Characters of the changes of files among it. */
const MAX_CHANGES = 24_000;

/** The verb of the action: what rules of a policy and the rights of a task name. */
export function verbOf(kind: ToolKind): string {
  return `acp.${kind}`;
}

/** What a permission is asked for, and how. */
export interface PermissionContext {
  /** How the program calls itself. */
  readonly program: string;
  /** From the workspace, when the path is in it. */
  readonly shown: (path: string) => string | undefined;
  readonly options: readonly PermissionOption[];
  /** How often the very same has been asked for before in this task, or is at this moment. */
  readonly repeats: number;
}

/**
 * The request to people for a tool call. It is the same for the same call, whatever ids the program gave it, so that the
 * answer is found again by another run; what is too long to be shown is named by its digest, and raises the stakes.
 */
export function permissionAsk(call: ToolCall, context: PermissionContext): AskRequest {
  const { program, shown, options, repeats } = context;
  const paths = pathsOf(call);
  const target = targetOf(call, paths, shown);
  const said = textOf(call);
  const { args, isWhole } = argsOf(call, { target, said, shown });
  const isOutside = paths.some((path) => shown(path) === undefined);
  const isForAlways = !options.some(({ kind }) => kind === "allow_once");
  const { text: changes, isWhole: areChangesWhole } = describeChanges(call, shown);
  const isTold = call.rawInput !== undefined || said.trim() !== "" || call.content.some(({ type }) => type === "diff");
  const name = wordsOf(program, 100);
  const words = wordsOf(call.title, MAX_WORDS);
  const effect = [
    EFFECTS[call.kind],
    ...(said === "" ? [] : [`The program says: ${cut(said, MAX_SAID)}`]),
    ...(isOutside ? ["It reaches outside of the task's folder."] : []),
    ...(isForAlways
      ? ["The program offers no single time: it will not ask again for what it holds for the same."]
      : []),
    ...(isTold ? [] : ["The program does not tell what exactly it would do."]),
  ].join("\n");
  const isSure = isWhole && areChangesWhole && isTold && !isForAlways && !(isOutside && call.kind !== "read");
  const action: RequestAction = {
    verb: verbOf(call.kind),
    target,
    args: isForAlways ? [...args, { name: "scope", value: "always" }] : args,
    effect: cut(sanitiseText(effect), MAX_EFFECT),
    ...(call.kind === "delete" ? { reversible: false } : {}),
  };
  const title = `${call.kind.replace("_", " ")} ${wordsOf(target, MAX_WORDS)}`;
  const body = [
    `The coding agent ${name} asks for permission${words === "" ? "." : `: ${words}`}`,
    ...(repeats === 0
      ? []
      : [`The very same was asked for before in this task: ${repeats} ${repeats === 1 ? "time" : "times"}.`]),
    ...(changes === "" ? [] : [changes]),
  ].join("\n\n");
  return {
    title: cut(title, MAX_TITLE_CHARACTERS),
    body: cut(body, MAX_BODY),
    action,
    stakes: isSure ? STAKES[call.kind] : "high",
  };
}

/** How tools of coding agents call the file that they are given. */
const PATH_NAMES = ["file_path", "filePath", "path", "abs_path"] as const;

/** The answer to the program. */
export type PermissionOutcome =
  | { readonly outcome: "selected"; readonly optionId: string }
  | { readonly outcome: "cancelled" };

/**
 * What the program is told. Permitted is this one time, whatever else it offers: for how long a "yes" holds is what its
 * person signed, and is looked up by what exactly is asked. "Always" is taken only when nothing else is offered, which the
 * person was told.
 */
export function outcomeOf(isPermitted: boolean, options: readonly PermissionOption[]): PermissionOutcome {
  const wanted = isPermitted ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  for (const kind of wanted) {
    const option = options.find((offered) => offered.kind === kind);
    if (option) return { outcome: "selected", optionId: option.optionId };
  }
  return { outcome: "cancelled" };
}

function pathsOf(call: ToolCall): string[] {
  const changed = call.content.flatMap((block) => block.type === "diff" ? [block.path] : []);
  const { rawInput } = call;
  const given = rawInput !== null && typeof rawInput === "object"
    ? PATH_NAMES.flatMap((name) => {
      const value: unknown = (rawInput as Readonly<Record<string, unknown>>)[name]; // an object, as was just seen
      return typeof value === "string" ? [value] : [];
    })
    : [];
  return [...new Set([...call.locations, ...changed, ...given])];
}

function targetOf(call: ToolCall, paths: readonly string[], shown: PermissionContext["shown"]): string {
  const command = commandOf(call.rawInput);
  const [path] = paths;
  if (call.kind === "execute" && command !== undefined) return bounded(command, MAX_TARGET).value;
  return bounded(path === undefined ? call.title : shown(path) ?? path, MAX_TARGET).value;
}

function commandOf(input: unknown): string | undefined {
  if (input === null || typeof input !== "object" || !("command" in input)) return undefined;
  const { command } = input;
  if (typeof command === "string") return command;
  return Array.isArray(command) ? command.map(String).join(" ") : undefined;
}

/** All that the action is: what the tool is given, and what files would become. What is signed names all of it. */
function argsOf(
  call: ToolCall,
  { target, said, shown }: {
    readonly target: string;
    readonly said: string;
    readonly shown: PermissionContext["shown"];
  },
): { readonly args: RequestAction["args"]; readonly isWhole: boolean } {
  const args: RequestAction["args"] = [];
  let isWhole = true;
  let left = MAX_ARGS_CHARACTERS;
  const add = (name: string, value: unknown): void => {
    if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) {
      return void args.push({ name, value });
    }
    const whole = typeof value === "string" ? value : JSON.stringify(value) ?? "null";
    const text = bounded(whole, Math.min(MAX_VALUE, Math.max(MIN_VALUE, left)));
    left -= text.value.length;
    isWhole &&= text.isWhole;
    args.push({ name, value: text.value });
  };
  const { rawInput } = call;
  const isRecord = rawInput !== null && typeof rawInput === "object" && !Array.isArray(rawInput);
  const entries = isRecord ? Object.entries(rawInput) : rawInput === undefined ? [] : [["input", rawInput] as const];
  const isListed = entries.length <= MAX_ARGS / 2 && entries.every(([name]) => name !== "" && name.length <= MAX_NAME);
  if (isListed) { for (const [name, value] of entries) add(name, value); }
  else add("input", rawInput);
  // without an input the title may be all that tells two commands apart
  if (rawInput === undefined && call.title !== "" && call.title !== target) add("title", call.title);
  const places = call.locations.map((path) => shown(path) ?? path);
  if (places.some((place) => place !== target)) add("paths", JSON.stringify(places));
  // bounded before it is looked at character by character
  const isShown = said.length <= MAX_SAID && sanitiseText(said) === said;
  if (!isShown) add("sha256 of what it says", digestOf(said));
  isWhole &&= said.length <= MAX_SAID;
  const diffs = call.content.filter((block) => block.type === "diff");
  for (const { path, newText } of diffs.slice(0, MAX_ARGS / 4)) {
    add("file", shown(path) ?? path);
    add("sha256 of it then", digestOf(newText));
  }
  if (diffs.length > MAX_ARGS / 4) add("sha256 of all changes", digestOf(JSON.stringify(diffs)));
  return { args, isWhole };
}

function describeChanges(
  call: ToolCall,
  shown: PermissionContext["shown"],
): { readonly text: string; readonly isWhole: boolean } {
  const parts = call.content.flatMap((block) => {
    if (block.type !== "diff") return [];
    const { path, oldText, newText } = block;
    const name = wordsOf(shown(path) ?? path, MAX_WORDS);
    return [
      [
        typeof oldText !== "string" ? `New file ${name}:` : `Change of ${name}:`,
        ...lines(oldText ?? "").map((line) => `- ${line}`),
        ...lines(newText).map((line) => `+ ${line}`),
      ].join("\n"),
    ];
  });
  const all = parts.join("\n\n");
  const text = sanitiseText(all.slice(0, MAX_CHANGES));
  return { text: cut(text, MAX_CHANGES), isWhole: all.length <= MAX_CHANGES && text.length <= MAX_CHANGES };
}

function lines(text: string): string[] {
  const all = text.split("\n");
  return all.at(-1) === "" ? all.slice(0, -1) : all;
}

/** A text, or its beginning with the digest of the whole: two that differ anywhere are never the same. */
function bounded(text: string, maxCharacters: number): { readonly value: string; readonly isWhole: boolean } {
  if (text.length <= maxCharacters) return { value: text, isWhole: true };
  const mark = ` [cut: ${text.length} characters, sha256 ${digestOf(text)}]`;
  return { value: text.slice(0, maxCharacters - mark.length) + mark, isWhole: false };
}

function digestOf(text: string): string {
  return hexEncode(sha256(utf8Encode(text)));
}

function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const mark = ` [cut: ${text.length} characters]`;
  return text.slice(0, maxCharacters - mark.length) + mark;
}
