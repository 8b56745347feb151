import { ACTION_NAMES, ACTIONS, type Scope } from "../keymap/actions.ts";
import { LOCAL_VERBS } from "./local_verbs.ts";
import { showKey } from "./keys.ts";
import type { Model, Place } from "./model.ts";

/** Keys of every line of text: they cannot be changed. */
const EDITING: readonly string[] = [
  "Ctrl+C        clears the line; twice quits",
  "Ctrl+E, End   end of the line; Home its beginning",
  "Ctrl+U, Ctrl+K, Ctrl+W   delete to the beginning, to the end, a word",
];

const TITLES: Readonly<Record<Scope, string>> = {
  global: "Everywhere",
  input: "In the line",
  feed: "In the text of a channel",
  list: "In lists",
  inbox: "In the inbox",
  browser: "In context",
  decisions: "Among decisions",
  text: "In a text",
  approval: "In the box of an approval or a vote",
  form: "In a form",
};

/** Scopes that one place has alone. */
const OWN_SCOPES: Readonly<Record<Place, readonly Scope[]>> = {
  main: ["form"],
  inbox: ["inbox", "approval", "form"],
  peers: [],
  tasks: [],
  browser: ["browser"],
  decisions: ["decisions", "approval"],
};

/** Opens the list of keys, made from the key map. */
export function openKeys(model: Model): Model {
  const isInFeed = model.place === "main" && model.feed.chosen !== undefined;
  const isList = model.place !== "main" || isInFeed;
  const scopes: readonly Scope[] = [
    ...(isInFeed ? ["feed"] as const : OWN_SCOPES[model.place]),
    ...(isList ? ["list"] as const : ["input"] as const),
    "global",
    "text",
  ];
  const lines = scopes.flatMap((scope) => [TITLES[scope], ...rows(model, scope), ""]);
  return {
    ...model,
    modal: {
      type: "text",
      title: "Keys",
      lines: [
        ...lines,
        "Lines of text",
        ...EDITING.map((row) => `  ${row}`),
        "",
        "Commands of this screen; /help lists the others",
        ...LOCAL_VERBS.map(({ name, summary }) => `  ${`/${name}`.padEnd(16)}${summary}`),
      ],
      top: 0,
    },
  };
}

function rows(model: Model, scope: Scope): string[] {
  return ACTION_NAMES.filter((action) => ACTIONS[action].scope === scope).map((action) => {
    const keys = model.settings.keymap.keysOf(action).map(showKey).join(", ");
    return `  ${(keys || "(no key)").padEnd(16)}${ACTIONS[action].summary}`;
  });
}
