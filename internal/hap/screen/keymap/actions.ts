/**
 * What a key can do, as one table: key maps, the palette and the list of keys are made from it.
 *
 * @module
 */

/** Where keys mean something. A modal is alone; otherwise the scope of the screen and "global" hold together. */
export const SCOPES = [
  "global",
  "input",
  "feed",
  "list",
  "inbox",
  "browser",
  "decisions",
  "text",
  "approval",
  "form",
] as const;
/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

/** Every action with the scope it belongs to. */
export const ACTIONS = {
  palette: { scope: "global", summary: "Go anywhere, do anything: the palette" },
  inbox: { scope: "global", summary: "Asks that wait for you" },
  main: { scope: "global", summary: "Back to the channels" },
  peers: { scope: "global", summary: "Who is here" },
  tasks: { scope: "global", summary: "Tasks of the mesh" },
  thread: { scope: "global", summary: "The thread of what is chosen, else of the last message: read it, answer in it" },
  browser: { scope: "global", summary: "Context at UCXL addresses" },
  forms: { scope: "global", summary: "Fill a form in" },
  decisions: { scope: "global", summary: "Decisions and their votes" },
  next_activity: { scope: "global", summary: "Next activity: asks, then mentions, then messages" },
  previous_channel: { scope: "global", summary: "Previous channel" },
  next_channel: { scope: "global", summary: "Next channel" },
  channel_1: { scope: "global", summary: "The first channel" },
  channel_2: { scope: "global", summary: "The second channel" },
  channel_3: { scope: "global", summary: "The third channel" },
  channel_4: { scope: "global", summary: "The fourth channel" },
  channel_5: { scope: "global", summary: "The fifth channel" },
  keys: { scope: "global", summary: "Keys that work here" },
  bare: { scope: "global", summary: "Only the text, without borders and mouse, for copying" },
  redraw: { scope: "global", summary: "Draw everything again" },
  suspend: { scope: "global", summary: "Stop this program; the shell's fg goes on with it" },
  page_up: { scope: "global", summary: "Back in the channel or text" },
  page_down: { scope: "global", summary: "Forward in the channel or text" },
  feed: { scope: "global", summary: "Into the channel's text: find, filter, mark, copy; again: back to the line" },
  first_unread: { scope: "global", summary: "First unread message" },
  bottom: { scope: "global", summary: "Newest message, and everything is read" },

  send: { scope: "input", summary: "Send the line, or run its command" },
  complete: { scope: "input", summary: "Complete the word" },
  complete_back: { scope: "input", summary: "The completion before" },
  history_up: { scope: "input", summary: "Line before" },
  history_down: { scope: "input", summary: "Line after" },
  editor: { scope: "input", summary: "Open the line in your own editor" },
  history_search: { scope: "input", summary: "Look for a line that was sent; again: an older one; Enter takes it" },

  up: { scope: "list", summary: "One up" },
  down: { scope: "list", summary: "One down" },
  first: { scope: "list", summary: "First" },
  last: { scope: "list", summary: "Last" },
  open: { scope: "list", summary: "Open; never approves" },
  find: { scope: "list", summary: "Find words; in a channel from here to older lines" },
  find_next: { scope: "list", summary: "The next match; in a channel the older one" },
  find_before: { scope: "list", summary: "The match before; in a channel the newer one" },
  filter: { scope: "list", summary: "Only what has these letters, or with ! in front what has them not" },
  back: { scope: "list", summary: "Back" },
  help: { scope: "list", summary: "Keys that work here" },
  copy: { scope: "list", summary: "Copy what is selected (OSC 52)" },
  copy_address: { scope: "list", summary: "Copy the address of what is selected, or the first one in it (OSC 52)" },

  mark: { scope: "feed", summary: "From this line on it is unread" },

  approve: { scope: "inbox", summary: "Approve: opens the box that asks for a confirmation" },
  deny: { scope: "inbox", summary: "Refuse, with a reason" },
  answer: { scope: "inbox", summary: "Answer or choose" },
  edit: { scope: "inbox", summary: "Change its action, then approve it" },
  escalate: { scope: "inbox", summary: "Hand it on: the command goes into the line" },
  refs: { scope: "inbox", summary: "Open what is to be read first" },
  snooze: { scope: "inbox", summary: "Not now: out of sight for an hour, on this screen" },
  all: { scope: "inbox", summary: "Also what is closed or for others" },

  parent: { scope: "browser", summary: "The folder above" },
  go_to: { scope: "browser", summary: "Go to an address, a pattern, or a time of what is open" },
  search: { scope: "browser", summary: "Search for words" },
  older: { scope: "browser", summary: "The version before" },
  newer: { scope: "browser", summary: "The version after" },
  timeline: { scope: "browser", summary: "All versions" },
  diff: { scope: "browser", summary: "What changed between this version and another one" },
  pin: { scope: "browser", summary: "Keep the address at hand, in the palette and for Tab; again: no more" },
  cite: { scope: "browser", summary: "Put the address into the line" },
  renew: { scope: "browser", summary: "Read it again" },

  vote: { scope: "decisions", summary: "Vote: opens the box that asks for the word" },
  context: { scope: "decisions", summary: "The decision in the browser of context, with its history" },

  text_up: { scope: "text", summary: "One line back" },
  text_down: { scope: "text", summary: "One line forward" },
  close: { scope: "text", summary: "Close" },

  next_field: { scope: "approval", summary: "Between the confirmation and the note" },
  deny_with_note: { scope: "approval", summary: "Refuse with the note" },
  cancel: { scope: "approval", summary: "Nothing is sent" },

  form_next: { scope: "form", summary: "Next field" },
  form_back: { scope: "form", summary: "Field before" },
  form_break: { scope: "form", summary: "A new line, in a text of several" },
  form_review: { scope: "form", summary: "Look at what would be sent; there: send it" },
  form_cancel: { scope: "form", summary: "Back to the fields; nothing is sent" },
} as const satisfies Record<string, { scope: Scope; summary: string }>;

/** The name of an action. */
export type ActionName = keyof typeof ACTIONS;

/** Every action in the order of the table. */
export const ACTION_NAMES: readonly ActionName[] = Object.keys(ACTIONS) as ActionName[]; // the keys of this very table

/** Scopes that hold together with `scope`, itself included: their keys must not clash. */
export function companions(scope: Scope): readonly Scope[] {
  switch (scope) {
    case "global":
      return ["global", "input", "feed", "list", "inbox", "browser", "decisions"];
    case "input":
      return ["input", "global"];
    case "list":
      return ["list", "global", "feed", "inbox", "browser", "decisions"];
    case "feed":
    case "inbox":
    case "browser":
    case "decisions":
      return [scope, "list", "global"];
    case "text":
    case "approval":
    case "form":
      return [scope];
  }
}
