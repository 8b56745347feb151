import type { Verb } from "./model.ts";

/** What the line takes beside the verbs of the program: things of this screen. */
export const LOCAL_VERBS: readonly Verb[] = [
  { name: "join", summary: "Go to a channel", argument: "channel" },
  {
    name: "thread",
    summary: "One thread, to read and to answer in: of an id, a task, or the last message",
    argument: "thread",
  },
  { name: "reply", summary: "Answer the last message, in its thread: /reply words", argument: undefined },
  { name: "asks", summary: "Asks that wait for you", argument: undefined },
  { name: "browse", summary: "Context at an address, or all of it", argument: "address" },
  { name: "find", summary: "Search context for words", argument: "words" },
  { name: "log", summary: "Decisions and their votes", argument: undefined },
  { name: "msg", summary: "Say something to one member: /msg @name words", argument: "member" },
  { name: "notify", summary: "How much of this channel calls you: all, mentions, asks, none", argument: "level" },
  { name: "keys", summary: "Keys that work here", argument: undefined },
  { name: "quit", summary: "Close this view", argument: undefined },
];
