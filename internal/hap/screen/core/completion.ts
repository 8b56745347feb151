/**
 * Completing the word at the cursor: verbs, channels, members, asks, tasks, addresses. Everything comes from what the screen knows already, so
 * that a key never waits.
 *
 * @module
 */
import { nameOf, shortTaskId } from "@bzzz/cli";
import { waiting } from "./asks.ts";
import { allVerbs } from "./local_verbs.ts";
import { type Completion, labelOf, type Model, NOTIFY_LEVELS } from "./model.ts";
import { THEMES } from "../engine/theme.ts";
import { VIEW_SETTINGS } from "./view_settings.ts";
import { threadsOf } from "./threads.ts";

const MAX_CANDIDATES = 50;

/** What Tab offers at the cursor; undefined when there is nothing. */
export function complete(model: Model): Completion | undefined {
  const { text, cursor } = model.input;
  const head = text.slice(0, cursor);
  const from = head.lastIndexOf(" ") + 1;
  const word = head.slice(from);
  const before = head.slice(0, from).trim();
  const candidates = candidatesFor(model, before, word)
    .filter((one) => one.toLowerCase().startsWith(word.toLowerCase()) && one !== word)
    .slice(0, MAX_CANDIDATES);
  return candidates.length === 0 ? undefined : { from, candidates, chosen: -1, original: text };
}

/** What the word at the cursor is for the verb before it: "task", "ask", "channel"; undefined where no verb says. */
export function argumentAt(model: Model): string | undefined {
  const { text, cursor } = model.input;
  return argumentOf(model, text.slice(0, text.lastIndexOf(" ", cursor - 1) + 1).trim());
}

function argumentOf(model: Model, before: string): string | undefined {
  return before.startsWith("/") ? allVerbs(model).find(({ name }) => name === before.slice(1))?.argument : undefined;
}

function candidatesFor(model: Model, before: string, word: string): string[] {
  if (before === "") {
    if (word.startsWith("/")) return verbNames(model).map((name) => `/${name}`);
    return word.startsWith("@") ? members(model) : word.startsWith("#") ? channels(model) : [];
  }
  if (!before.startsWith("/")) return word.startsWith("@") ? members(model) : [];
  const typed = before.slice(1);
  switch (argumentOf(model, before)) {
    case "ask":
      return waiting(model).map((request) => request.short_id);
    case "thread":
      return [...threadsOf(model), ...model.tasks.map((task) => shortTaskId(task.task_id))];
    case "task":
      return model.tasks.map((task) => shortTaskId(task.task_id));
    case "prompt":
      return [...model.prompts];
    case "template":
      return model.templates.map(({ id }) => id);
    case "channel":
      return channels(model);
    case "address":
      return addresses(model);
    case "member":
      return members(model);
    case "theme":
      return [...THEMES];
    case "setting":
      return VIEW_SETTINGS.map(({ key }) => key);
    case "level":
      return [...NOTIFY_LEVELS];
    case "command":
      return verbNames(model);
  }
  if (typed === "send") return word.startsWith("@") ? members(model) : channels(model);
  const names = verbNames(model).filter((name) => name.startsWith(`${typed} `));
  return [...names.map((name) => name.slice(typed.length + 1)), ...(word.startsWith("@") ? members(model) : [])];
}

function verbNames(model: Model): string[] {
  const names = allVerbs(model).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  return [...new Set(names)].sort();
}

function channels(model: Model): string[] {
  return model.channels.map(labelOf);
}

/** What the browser of context and the log of decisions listed last. */
function addresses(model: Model): string[] {
  const things = model.browser.rows.flatMap((row) => row.type === "thing" ? [row.version.address] : []);
  return [
    ...new Set([...model.browser.pinned, ...things, ...model.decisions.items.map((item) => item.version.address)]),
  ];
}

function members(model: Model): string[] {
  const names = [...model.agents.map(({ agent_id: name }) => name), ...model.peers.map(nameOf)];
  return [...new Set(names)].filter((name) => name !== model.me && /^[a-z0-9-]+$/.test(name)).sort().map((name) =>
    `@${name}`
  );
}

/** The line with the next candidate, or the one before, in place of the word. */
export function choose(completion: Completion, by: 1 | -1): { completion: Completion; text: string; cursor: number } {
  const { candidates, from, original } = completion;
  const start = completion.chosen < 0 && by < 0 ? 0 : completion.chosen;
  const chosen = (start + by + candidates.length) % candidates.length;
  const word = candidates[chosen] ?? "";
  const head = original.slice(0, from) + word + (candidates.length === 1 ? " " : "");
  const rest = original.slice(from).replace(/^\S*/, "").trimStart();
  return { completion: { ...completion, chosen }, text: head + rest, cursor: head.length };
}
