import type { Model, Verb } from "./model.ts";

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
  { name: "edit", summary: "Change the action of an ask, then approve it", argument: "ask" },
  { name: "browse", summary: "Context at an address, or all of it", argument: "address" },
  { name: "find", summary: "Search context for words", argument: "words" },
  { name: "log", summary: "Decisions and their votes", argument: undefined },
  { name: "msg", summary: "Say something to one member: /msg @name words", argument: "member" },
  { name: "notify", summary: "How much of this channel calls you: all, mentions, asks, none", argument: "level" },
  { name: "part", summary: "Leave a channel until something calls you there; close a thread", argument: "channel" },
  { name: "mute", summary: "Messages of a member call you no more, or again: /mute @name", argument: "member" },
  {
    name: "stop",
    summary: "Interrupt an agent: cancel the tasks it holds, after you have seen them",
    argument: "member",
  },
  { name: "prompt", summary: "One of your wordings, with its replies", argument: "prompt" },
  { name: "cite", summary: "Put the address of what is open in context into the line", argument: "address" },
  { name: "theme", summary: "Other colours, on this screen", argument: "theme" },
  { name: "set", summary: "Settings of this screen: /set shows them, /set KEY VALUE changes one", argument: "setting" },
  {
    name: "reload",
    summary: "Read key map, templates, prompts and policy anew, and tell what is wrong with them",
    argument: undefined,
  },
  { name: "keys", summary: "Keys that work here", argument: undefined },
  { name: "quit", summary: "Close this view", argument: undefined },
];

/** Everything that the line takes, the things of this screen in front: they come first where both have a name. */
export function allVerbs({ verbs }: Pick<Model, "verbs">): readonly Verb[] {
  const own = new Set(LOCAL_VERBS.map(({ name }) => name));
  return [...LOCAL_VERBS, ...verbs.filter(({ name }) => !own.has(name))];
}
