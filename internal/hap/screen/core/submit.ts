/**
 * What Enter does with the line: words go to the channel, "/" begins a command, "//" is a slash. A command that is not known is never
 * sent as text.
 *
 * @module
 */
import { sanitiseLine } from "@bzzz/cli";
import { UcxlError } from "@bzzz/ucxl";
import { edit } from "../../terminal/line_editor.ts";
import { findAsk } from "./asks.ts";
import { openBox } from "./boxes.ts";
import { browse } from "./browser.ts";
import { goTo } from "./browser_boxes.ts";
import type { Effect, Step } from "./events.ts";
import { goToChannel } from "./feed.ts";
import { openKeys } from "./help.ts";
import { goToList } from "./lists.ts";
import { LOCAL_VERBS } from "./local_verbs.ts";
import { currentChannel, labelOf, type Model, NOTIFY_LEVELS, type Verb, withChannel } from "./model.ts";
import { viewVerb } from "./view_verbs.ts";
import { openThread, reply, sayHere } from "./threads.ts";

/** Verbs that change nothing: a view that observes has these alone. */
export const READING_VERBS: ReadonlySet<string> = new Set([
  "agents",
  "decide list",
  "decide show",
  "election show",
  "grants",
  "help",
  "hmmm plan",
  "hmmm thread",
  "inbox",
  "keys roles",
  "members",
  "patch list",
  "patch show",
  "peers",
  "policy lint",
  "policy test",
  "prompts lint",
  "prompts list",
  "prompts show",
  "roles",
  "show",
  "status",
  "slurp context",
  "slurp graph",
  "slurp status",
  "tail",
  "task list",
  "task show",
  "templates lint",
  "templates list",
  "templates show",
  "ucxl diff",
  "ucxl get",
  "ucxl history",
  "ucxl ls",
  "ucxl search",
  "ucxl watch",
]);

/** The line is taken, and what it asks for is done or handed to the shell. */
export function submit(model: Model): Step<Model> {
  const text = model.input.text.trim();
  if (text === "") return { model, effects: [] };
  const taken: Model = { ...model, input: edit(model.input, { type: "enter" }).state, completion: undefined, hint: "" };
  if (!text.startsWith("/") || text.startsWith("//")) return say(taken, text.replace(/^\/\//, "/"));
  const [verb = "", ...words] = text.slice(1).trim().split(/\s+/);
  return local(taken, verb, words) ?? run(taken, text.slice(1).trim());
}

function say(model: Model, text: string): Step<Model> {
  if (model.settings.isObserver) return keep(model, text, "Cannot send: this view only observes");
  return { model, effects: [sayHere(model, text)] };
}

/** What was typed stays in the line, with the reason why it did nothing. */
function keep(model: Model, text: string, hint: string): Step<Model> {
  return { model: { ...model, input: { ...model.input, text, cursor: text.length }, hint }, effects: [] };
}

function run(model: Model, line: string): Step<Model> {
  const [first = "", second = ""] = line.split(/\s+/);
  const verb = verbOf(model, `${first} ${second}`) ?? verbOf(model, first);
  // "/task" alone is answered by the program, with the verbs that begin so
  if (!verb && !model.verbs.some(({ name }) => name.startsWith(`${first} `))) {
    return keep(
      model,
      `/${line}`,
      `Cannot run "${sanitiseLine(first, 40)}": there is no such command; Tab completes, // begins text with a slash`,
    );
  }
  if (model.settings.isObserver && !(verb && READING_VERBS.has(verb.name))) {
    return keep(model, `/${line}`, `Cannot run "${verb?.name ?? sanitiseLine(first, 40)}": this view only observes`);
  }
  if (model.isRunning) return keep(model, `/${line}`, "A command runs; Ctrl+C ends it");
  return { model: { ...model, isRunning: true }, effects: [{ type: "run", line }] };
}

function verbOf(model: Model, words: string): Verb | undefined {
  return model.verbs.find(({ name, aliases = [] }) => name === words || aliases.includes(words));
}

function goToAddress(model: Model, text: string): Step<Model> {
  if (text === "") return goToList(model, "browser");
  try {
    return goTo(model, text);
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    return keep(model, `/browse ${text}`, sanitiseLine(error.message, 300));
  }
}

/** A template is read where the files are. */
export function askForTemplate(model: Model, template: string): Step<Model> {
  if (model.settings.isObserver) {
    return { model: { ...model, hint: "Cannot fill a form in: this view only observes" }, effects: [] };
  }
  return { model, effects: [{ type: "open_form", template }] };
}

/** "/approve ID once" is what its box does. */
function isOnce(verb: string, words: readonly string[]): boolean {
  return verb === "approve" && words.length === 2 && words[1] === "once";
}

/** Verbs of this screen; undefined for those of the program. */
function local(model: Model, verb: string, words: readonly string[]): Step<Model> | undefined {
  const [first = ""] = words;
  const done = (next: Model, ...effects: Effect[]): Step<Model> => ({ model: next, effects });
  switch (verb) {
    case "edit":
    case "approve":
    case "deny":
    case "answer": {
      // With words behind the id it is said already, and what flags say the command does; approving for once goes through its box.
      if (words.some((word) => word.startsWith("--")) || (words.length > 1 && !isOnce(verb, words))) return undefined;
      const request = findAsk(model, first);
      if (request) return openBox(model, request, verb);
      if (verb === "edit" && first === "") return done({ ...model, hint: "Say which: /edit ID" });
      return first === ""
        ? undefined
        : done({ ...model, hint: `Cannot ${verb} "${sanitiseLine(first, 40)}": no ask of that id waits here` });
    }
    case "form":
      // with values it is said already; alone it is the box
      return words.length === 1 && !first.startsWith("-") ? askForTemplate(model, first) : undefined;
    case "join": {
      const index = model.channels.findIndex(({ name }) => name === first.replace(/^[#>]/, ""));
      if (index >= 0) return done(goToChannel(model, index));
      const names = model.channels.map(labelOf).join(", ");
      return done({ ...model, hint: `Cannot join "${sanitiseLine(first, 40)}": the channels are ${names}` });
    }
    case "thread":
      // with words behind the id the program says them there
      return words.length > 1 || first.startsWith("-") ? undefined : openThread(model, first);
    case "reply":
      if (words.length > 0 && model.settings.isObserver) {
        return keep(model, `/reply ${words.join(" ")}`, "Cannot send: this view only observes");
      }
      return words.length === 0 ? openThread(model, "") : reply(model, words.join(" "));
    case "asks":
      return goToList(model, "inbox");
    case "log":
      return goToList(model, "decisions");
    case "find":
      return words.length === 0
        ? done({ ...model, hint: "Say what to find: /find words" })
        : browse(model, { type: "words", words: words.join(" ") });
    case "browse":
      return goToAddress(model, first);
    case "msg":
      if (!/^@\S/.test(first) || words.length < 2) return done({ ...model, hint: "Say it like: /msg @name words" });
      return run(model, `send ${words.join(" ")}`);
    case "notify": {
      if (currentChannel(model).thread !== undefined) {
        return done({ ...model, hint: "A thread calls you as its channel does: /join that first" });
      }
      const level = NOTIFY_LEVELS.find((one) => one === first);
      if (!level) return done({ ...model, hint: `The levels are ${NOTIFY_LEVELS.join(", ")}` });
      const next = withChannel(model, model.current, (channel) => ({ ...channel, notify: level }));
      return done({ ...next, hint: `${labelOf(currentChannel(model))} calls you for: ${level}` });
    }
    case "away":
    case "busy":
    case "back": {
      const person = verb === "back" ? "here" : verb;
      const hint = person === "here"
        ? "You are here"
        : `You are ${person}: only asks of high stakes call you; /back ends it`;
      if (model.settings.isObserver) return done({ ...model, hint: "Cannot say that: this view only observes" });
      if (words.length > 0) {
        const why = `Cannot say more with /${verb}: whether you are there has no words; say them in a channel`;
        return keep(model, `/${verb} ${words.join(" ")}`, why);
      }
      return done({ ...model, presence: person, hint }, { type: "person", person });
    }
    case "keys":
      return done(openKeys(model));
    case "quit":
    case "exit":
      return done(model, { type: "quit" });
    case "part":
    case "mute":
    case "theme":
    case "set":
    case "reload":
    case "cite":
      return viewVerb(model, verb, words);
    case "stop":
      return run(model, `task stop ${words.join(" ")}`.trim());
    case "prompt":
      return words.length === 1
        ? run(model, `prompts show ${first}`)
        : done({ ...model, hint: "Say which: /prompt ID" });
    default:
      return LOCAL_VERBS.some(({ name }) => name === verb) ? done(model) : undefined;
  }
}
