/**
 * Everything the screen knows, as one value. Text of other members is sanitised before it gets in here, where it is shown as a line;
 * requests and tasks are kept whole and sanitised by the functions that describe them.
 *
 * @module
 */
import type { AgentView, PeerView, RequestView, StatusView, TaskView } from "@bzzz/api";
import type { VersionView } from "@bzzz/ucxi";
import { type EditorState, emptyLine } from "../../terminal/line_editor.ts";
import type { FormBox } from "./form_fields.ts";
import { type BrowserState, EMPTY_BROWSER } from "./browser.ts";
import { type DecisionsState, EMPTY_DECISIONS } from "./decisions.ts";
import type { Size } from "./frame.ts";
import type { HistorySearch } from "./history_search.ts";
import { type Looking, NOT_LOOKING } from "./looking.ts";
import { emptyRing, type Ring } from "./ring.ts";
import type { ScreenSettings } from "./view_settings.ts";

/** Lines a channel keeps; older ones are in the journal. */
export const FEED_CAPACITY = 2_000;
/** Asks that are kept; more than this wait nowhere. */
export const MAX_REQUESTS = 1_000;
/** Keys of the first moments after a box opened were meant for something else (design, portal C.3). */
export const GUARD_MS = 700;

/** How much of a channel calls the person. */
export const NOTIFY_LEVELS = ["all", "mentions", "asks", "none"] as const;
/** One of `NOTIFY_LEVELS`. */
export type NotifyLevel = (typeof NOTIFY_LEVELS)[number];

/** One line of a channel. */
export interface FeedItem {
  readonly atMs: number;
  /** Of the person's own commands, and of the portal itself: these are on this screen alone. */
  readonly kind: "message" | "event" | "ask" | "output" | "notice";
  readonly author: string;
  readonly text: string;
  readonly isMine: boolean;
  readonly isForMe: boolean;
  /** The ask it tells of. */
  readonly requestId?: string;
  /** The task it tells of. */
  readonly taskId?: string;
  /** Of the journal; lines of this screen alone have none. */
  readonly entryId?: string;
  /** The thread it was said in, where that is not what is looked at. */
  readonly thread?: string;
}

/** A channel: a topic of the mesh, or one thread of it, and what was read of it. */
export interface Channel {
  readonly name: string;
  readonly topic: string;
  /** Its id on the wire: this is one thread, and what is said here belongs to it. */
  readonly thread?: string;
  readonly items: Ring<FeedItem>;
  /** Number of the first item that was not seen. */
  readonly readTo: number;
  readonly unread: number;
  readonly mentions: number;
  readonly notify: NotifyLevel;
  /** The person has left it: it is out of the list until something calls them there. */
  readonly isParted?: boolean;
  /** Number of the item at the bottom of a view that was scrolled back; undefined follows the newest. */
  readonly bottom: number | undefined;
  /** Where the mark "unread" stands while the channel is looked at. */
  readonly mark: number | undefined;
}

/** The places there are. */
export type Place = "main" | "inbox" | "peers" | "tasks" | "browser" | "decisions";

/** A list with one thing selected, by its id: what comes and goes around it does not move the selection to something else. */
export interface ListState extends Looking {
  readonly selectedId: string | undefined;
}

/** The text of the channel that is looked at, where one can go from line to line. */
export interface FeedState extends Looking {
  /** Number of the line that is chosen; undefined: the line of input has the keys. */
  readonly chosen: number | undefined;
  /** Where the view was held when it got the keys; a view that is still there follows the newest again when it loses them. */
  readonly heldAt: number | undefined;
  /** The person said from where on it is unread: what is in sight does not count as read. */
  readonly isMarked: boolean;
}

/** The line of input has the keys, and nothing is looked for. */
export const FEED_AT_REST: FeedState = { ...NOT_LOOKING, chosen: undefined, heldAt: undefined, isMarked: false };

/** A box above everything: it has all keys. */
export type Modal =
  | ApprovalBox
  | {
    readonly type: "reply";
    readonly kind: "answer" | "deny";
    readonly request: RequestView;
    readonly line: EditorState;
    readonly isSending: boolean;
    readonly problem: string | undefined;
  }
  | { readonly type: "palette"; readonly line: EditorState; readonly selected: number }
  | { readonly type: "text"; readonly title: string; readonly lines: readonly string[]; readonly top: number }
  /** Where to go in the browser of context, what to search for, or what to find in the text that is open. */
  | {
    readonly type: "context_line";
    readonly purpose: "go_to" | "search" | "find";
    readonly line: EditorState;
    readonly problem: string | undefined;
  }
  /** Versions of a thing, newest first: to look at one, or to compare one with version `from`. */
  | {
    readonly type: "versions";
    readonly purpose: "timeline" | "diff";
    readonly address: string;
    readonly from: number;
    /** Undefined until they are read. */
    readonly items: readonly VersionView[] | undefined;
    readonly total: number;
    readonly selected: number;
  }
  | VoteBox
  | FormBox
  | {
    readonly type: "question";
    readonly label: string;
    readonly openAtMs: number;
    readonly line: EditorState;
    /** What was typed of a secret, which is not shown; undefined: it is no secret. */
    readonly secret: string | undefined;
  };

/** The box of an approval: it is about exactly the request that was shown, by id and digest. */
export interface ApprovalBox {
  readonly type: "approval";
  readonly request: RequestView;
  /** What is approved in place of the action that was asked for, and the form that it came from. */
  readonly edited: { readonly action: NonNullable<RequestView["action"]>; readonly form: FormBox } | undefined;
  /** Monotonic. */
  readonly openedAtMs: number;
  /** Wall time: what is shown stays as it was, also while it is read. */
  readonly openedAtWallMs: number;
  readonly focus: "confirm" | "note";
  readonly confirm: EditorState;
  /** First line of the request that is shown, and how far it was shown: nothing is approved unseen. */
  readonly top: number;
  readonly note: EditorState;
  readonly isSending: boolean;
  readonly problem: string | undefined;
}

/** The box of a vote: it is about exactly the decision that was shown, by its citation. */
export interface VoteBox {
  readonly type: "vote";
  readonly citation: string;
  readonly address: string;
  readonly title: string;
  /** Monotonic. */
  readonly openedAtMs: number;
  readonly focus: "vote" | "reason";
  readonly vote: EditorState;
  readonly reason: EditorState;
  readonly isSending: boolean;
  readonly problem: string | undefined;
}

/** What Tab offers. */
export interface Completion {
  /** Where in the line the word begins. */
  readonly from: number;
  readonly candidates: readonly string[];
  readonly chosen: number;
  /** The line before the first Tab. */
  readonly original: string;
}

/** A verb of the prompt, for completion and the palette. */
export interface Verb {
  readonly name: string;
  /** Other names of the same. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** What its first argument is ("task", "ask", "channel", …), for completion; undefined where it takes none. */
  readonly argument: string | undefined;
}

/** A template, as the palette and completion name it. */
export interface TemplateItem {
  readonly id: string;
  readonly title: string;
}

/** What calls the person, and when it did last. */
export interface NotifierState {
  readonly rangAtMs: number;
  /** Asks the person was called for, with the reminders they had: 0, 1 (half the time) or 2 (nine tenths). */
  readonly called: ReadonlyMap<string, 0 | 1 | 2>;
  /** Asks that are put off, with the wall time at which they come back. */
  readonly putOff: ReadonlyMap<string, number>;
}

/** The whole screen. */
export interface Model {
  readonly settings: ScreenSettings;
  readonly verbs: readonly Verb[];
  readonly me: string;
  readonly mesh: string;
  /** Who leads the mesh; undefined: nobody that is known to. */
  readonly leader: string | undefined;
  /** Of the person; undefined until it is known. */
  readonly key: StatusView["person_key"] | undefined;
  readonly link: { readonly state: "connecting" | "up" } | { readonly state: "down"; readonly reason: string };
  readonly size: Size;
  /** Wall time of the last event. */
  readonly nowMs: number;
  /** Monotonic time of the last event. */
  readonly monoMs: number;
  readonly place: Place;
  readonly channels: readonly Channel[];
  readonly current: number;
  /** Members whose messages call nobody here. */
  readonly muted: ReadonlySet<string>;
  readonly feed: FeedState;
  readonly requests: ReadonlyMap<string, RequestView>;
  /** Wall time until which an ask is out of sight. */
  readonly snoozed: ReadonlyMap<string, number>;
  readonly showsAll: boolean;
  readonly peers: readonly PeerView[];
  readonly agents: readonly AgentView[];
  readonly tasks: readonly TaskView[];
  /** Templates that can be filled in. */
  readonly templates: readonly TemplateItem[];
  /** Ids of the person's wordings, for completion. */
  readonly prompts: readonly string[];
  readonly browser: BrowserState;
  readonly decisions: DecisionsState;
  readonly lists: Readonly<Record<Exclude<Place, "main">, ListState>>;
  readonly modal: Modal | undefined;
  readonly input: EditorState;
  readonly completion: Completion | undefined;
  /** A line that was sent is looked for. */
  readonly search: HistorySearch | undefined;
  readonly isBare: boolean;
  readonly presence: "here" | "away" | "busy";
  readonly isRunning: boolean;
  /** Monotonic time of the last Ctrl-C: two of them quit. */
  readonly interruptedAtMs: number;
  readonly notifier: NotifierState;
  /** One line at the bottom that goes with the next key. */
  readonly hint: string;
}

/** What a screen begins with. */
export interface ModelOptions {
  readonly settings: ScreenSettings;
  readonly verbs: readonly Verb[];
  readonly nowMs: number;
  readonly monoMs: number;
}

/** The channels there are, the busiest ones of the machines last; theirs call nobody. */
const CHANNELS: readonly { readonly name: string; readonly topic: string; readonly notify: NotifyLevel }[] = [
  { name: "hmmm", topic: "hmmm/meta-discussion/v1", notify: "mentions" },
  { name: "coordination", topic: "bzzz/coordination/v1", notify: "mentions" },
  { name: "context", topic: "bzzz/context/v1", notify: "mentions" },
  { name: "election", topic: "bzzz/election/v1", notify: "none" },
  { name: "agents", topic: "bzzz/agents/v1", notify: "none" },
];

/** A screen that knows nothing yet. */
export function createModel(options: ModelOptions): Model {
  const list: ListState = { ...NOT_LOOKING, selectedId: undefined };
  return {
    settings: options.settings,
    verbs: options.verbs,
    me: "",
    mesh: "",
    leader: undefined,
    key: undefined,
    link: { state: "connecting" },
    size: { columns: 80, rows: 24 },
    nowMs: options.nowMs,
    monoMs: options.monoMs,
    place: "main",
    channels: CHANNELS.map((channel) => ({
      ...channel,
      items: emptyRing<FeedItem>(),
      readTo: 0,
      unread: 0,
      mentions: 0,
      bottom: undefined,
      mark: undefined,
    })),
    current: 0,
    muted: new Set(),
    feed: FEED_AT_REST,
    requests: new Map(),
    snoozed: new Map(),
    showsAll: false,
    peers: [],
    agents: [],
    tasks: [],
    templates: [],
    prompts: [],
    browser: EMPTY_BROWSER,
    decisions: EMPTY_DECISIONS,
    lists: { inbox: list, peers: list, tasks: list, browser: list, decisions: list },
    modal: undefined,
    input: emptyLine(),
    completion: undefined,
    search: undefined,
    isBare: false,
    presence: "here",
    isRunning: false,
    interruptedAtMs: -Infinity,
    notifier: { rangAtMs: -Infinity, called: new Map(), putOff: new Map() },
    hint: "",
  };
}

/** What a channel is called on the screen: "#hmmm", and ">task/9ZXQWK" for a thread. */
export function labelOf({ name, thread }: Pick<Channel, "name" | "thread">): string {
  return thread === undefined ? `#${name}` : `>${name}`;
}

/** Channels that the person has not left, by their numbers. Who is in one has not left it. */
export function listedChannels({ channels, current }: Pick<Model, "channels" | "current">): number[] {
  return channels.flatMap(({ isParted }, i) => isParted && i !== current ? [] : [i]);
}

/** The channel that is looked at. */
export function currentChannel(model: Model): Channel {
  const channel = model.channels[model.current];
  if (!channel) throw new TypeError("Unreachable: there is always a channel, and `current` is one of them");
  return channel;
}

/** Number of the line under the mark "unread"; undefined where there is no such mark. */
export function unreadFrom(channel: Channel): number | undefined {
  return channel.unread > 0 ? channel.readTo : channel.mark;
}

/** The model with the channel `index` changed. */
export function withChannel(model: Model, index: number, change: (channel: Channel) => Channel): Model {
  return { ...model, channels: model.channels.map((channel, i) => i === index ? change(channel) : channel) };
}
