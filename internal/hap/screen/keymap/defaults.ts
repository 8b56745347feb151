import type { ActionName } from "./actions.ts";

/** The keys of every action until a file says otherwise (design, portal C.4). */
export const DEFAULT_KEYS: Readonly<Record<ActionName, readonly string[]>> = {
  palette: ["ctrl+p"],
  inbox: ["alt+r"],
  main: ["alt+m"],
  peers: ["alt+p"],
  tasks: ["alt+t"],
  browser: ["alt+b"],
  decisions: ["alt+d"],
  forms: ["ctrl+f"],
  next_activity: ["alt+a"],
  previous_channel: ["alt+up"],
  next_channel: ["alt+down"],
  keys: ["f1"],
  bare: ["alt+l"],
  redraw: ["ctrl+l"],
  page_up: ["pgup"],
  page_down: ["pgdn"],
  first_unread: ["alt+u"],
  bottom: ["alt+end"],

  send: ["enter"],
  complete: ["tab"],
  complete_back: ["shift+tab"],
  history_up: ["up"],
  history_down: ["down"],

  up: ["up"],
  down: ["down"],
  first: ["home"],
  last: ["end"],
  open: ["enter"],
  filter: ["/"],
  back: ["esc"],
  help: ["?"],
  copy: ["y"],

  approve: ["a"],
  deny: ["d"],
  answer: ["w"],
  snooze: ["s"],
  all: ["t"],

  parent: ["backspace"],
  go_to: [":"],
  search: ["s"],
  older: ["["],
  newer: ["]"],
  timeline: ["t"],
  diff: ["D"],
  find_next: ["n"],
  find_before: ["N"],
  cite: ["c"],
  renew: ["r"],

  vote: ["v"],
  context: ["b"],

  text_up: ["up"],
  text_down: ["down"],
  close: ["esc", "q"],

  next_field: ["tab"],
  deny_with_note: ["ctrl+d"],
  cancel: ["esc"],

  form_next: ["tab", "down"],
  form_back: ["shift+tab", "up"],
  form_break: ["alt+enter"],
  form_review: ["enter", "ctrl+r"],
  form_cancel: ["esc"],
};

/** What `vim: true` adds in lists and texts. */
export const VIM_KEYS: Readonly<Partial<Record<ActionName, readonly string[]>>> = {
  up: ["k"],
  down: ["j"],
  first: ["g"],
  last: ["G"],
  text_up: ["k"],
  text_down: ["j"],
};
