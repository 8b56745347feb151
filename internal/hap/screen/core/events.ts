import type { AgentView, AnswerInput, EntryView, PeerView, RequestView, StatusView, TaskView } from "@bzzz/api";
import type { DecisionDetailView, DecisionItemView, VersionView } from "@bzzz/ucxi";
import type { Outgoing } from "../../forms/outgoing.ts";
import type { Template } from "../../forms/template.ts";
import type { ThingAnswer } from "./browser.ts";
import type { BrowserQuery, BrowserRow } from "./browser_rows.ts";
import type { ThemeName } from "../engine/theme.ts";
import type { Keymap } from "../keymap/keymap.ts";
import type { Size } from "./frame.ts";
import type { Press } from "./keys.ts";
import type { TemplateItem } from "./model.ts";

/** What can happen to the screen. Times are given with every event: the core has no clock. */
export type ScreenEvent =
  | { readonly type: "press"; readonly press: Press }
  | { readonly type: "resized"; readonly size: Size }
  /** A second has passed. */
  | { readonly type: "tick" }
  | { readonly type: "connected" }
  | { readonly type: "disconnected"; readonly reason: string }
  /** The key map was read anew. */
  | { readonly type: "keymap"; readonly keymap: Keymap }
  | { readonly type: "status"; readonly status: StatusView }
  /** Entries in the order of the journal; old ones are shown but call nobody. */
  | { readonly type: "entries"; readonly entries: readonly EntryView[]; readonly isOld: boolean }
  /** The whole of what is pending; what is not among it is not pending any more. */
  | { readonly type: "pending"; readonly requests: readonly RequestView[] }
  | { readonly type: "request"; readonly request: RequestView }
  /** What was said in a thread, the first in front. */
  | { readonly type: "thread_read"; readonly thread: string; readonly entries: readonly EntryView[] }
  /** Requests in any state: they are shown and call nobody. */
  | { readonly type: "known"; readonly requests: readonly RequestView[] }
  | { readonly type: "peers"; readonly peers: readonly PeerView[]; readonly agents: readonly AgentView[] }
  | { readonly type: "tasks"; readonly tasks: readonly TaskView[] }
  /** What the browser of context asked for; an answer to what is not asked for any more changes nothing. */
  | {
    readonly type: "context_listed";
    readonly query: BrowserQuery;
    readonly answer: { readonly rows: readonly BrowserRow[]; readonly note: string } | { readonly problem: string };
  }
  | { readonly type: "context_read"; readonly answer: ThingAnswer }
  | {
    readonly type: "versions";
    readonly address: string;
    readonly items: readonly VersionView[];
    readonly total: number;
  }
  | { readonly type: "decisions"; readonly items: readonly DecisionItemView[] }
  | { readonly type: "decisions_unread"; readonly problem: string }
  | { readonly type: "decision"; readonly decision: DecisionDetailView }
  /** What became of an effect "vote". */
  | { readonly type: "voted"; readonly decision: DecisionDetailView; readonly vote: string }
  | { readonly type: "not_voted"; readonly address: string; readonly problem: string }
  /** One line about something that did not work. */
  | { readonly type: "hint"; readonly text: string }
  /** What became of an effect "decide". */
  | { readonly type: "decided"; readonly request: RequestView; readonly said: string }
  | { readonly type: "not_decided"; readonly requestId: string; readonly problem: string }
  | { readonly type: "prompts"; readonly ids: readonly string[] }
  | { readonly type: "templates"; readonly items: readonly TemplateItem[] }
  /** What became of an effect "open_form". */
  | { readonly type: "form_opened"; readonly template: Template }
  /** What became of an effect "send_form". */
  | { readonly type: "form_sent"; readonly template: string; readonly said: string }
  | { readonly type: "form_not_sent"; readonly template: string; readonly problem: string }
  /** Text of a command, or about something that was sent. */
  | { readonly type: "output"; readonly text: string; readonly isTalk: boolean }
  | { readonly type: "text"; readonly title: string; readonly text: string }
  | { readonly type: "command_ended" }
  /** The line as the person's editor left it. */
  | { readonly type: "edited"; readonly text: string }
  /** A command asks; `guardMs` from now on no key answers. */
  | { readonly type: "question"; readonly label: string; readonly guardMs: number; readonly isSecret: boolean }
  | { readonly type: "question_gone" };

/** The times an event happened at. */
export interface Moment {
  /** Wall time. */
  readonly nowMs: number;
  /** Monotonic. */
  readonly monoMs: number;
}

/** What is read or written at addresses. */
export type ContextEffect =
  /** What the browser lists. */
  | { readonly type: "list_context" }
  | { readonly type: "read_context"; readonly address: string }
  | { readonly type: "read_versions"; readonly address: string }
  /** Between two versions, by their numbers. */
  | { readonly type: "diff_context"; readonly address: string; readonly from: number; readonly to: number }
  | { readonly type: "read_decision"; readonly address: string }
  | {
    readonly type: "vote";
    readonly citation: string;
    readonly address: string;
    readonly vote: string;
    readonly reason: string;
  };

/** What is read whole, soon and once however often it is asked for; `listing` and `thing` are what the browser shows. */
export type Refreshable = "pending" | "known" | "peers" | "tasks" | "status" | "listing" | "thing" | "decisions";

/** What the shell around the core has to do. */
export type Effect =
  | { readonly type: "send"; readonly channel: string; readonly text: string; readonly thread?: string }
  /** By the id of a thread, of an entry or of a task; what comes of it is an event "thread_read". */
  | { readonly type: "read_thread"; readonly reference: string }
  | { readonly type: "run"; readonly line: string }
  | { readonly type: "interrupt" }
  | { readonly type: "decide"; readonly request: RequestView; readonly input: AnswerInput }
  | { readonly type: "reply"; readonly text: string | undefined }
  | { readonly type: "read_templates" }
  | { readonly type: "read_prompts" }
  | { readonly type: "open_form"; readonly template: string }
  | { readonly type: "send_form"; readonly template: string; readonly outgoing: Outgoing }
  | { readonly type: "refresh"; readonly what: Refreshable }
  | { readonly type: "request"; readonly requestId: string }
  | { readonly type: "show_task"; readonly taskId: string }
  | ContextEffect
  | { readonly type: "person"; readonly person: "here" | "away" | "busy" }
  | { readonly type: "bell" }
  /** OSC 9: a notification of the desktop. */
  | { readonly type: "notify"; readonly text: string }
  | { readonly type: "title"; readonly text: string }
  | { readonly type: "copy"; readonly text: string }
  | { readonly type: "mouse"; readonly isOn: boolean }
  /** Something that is shown ends then: a "tick" is wanted. */
  | { readonly type: "wake"; readonly afterMs: number }
  | { readonly type: "theme"; readonly name: ThemeName }
  /** Key map, templates, prompts and policy are read anew; what is wrong with them is an event "text". */
  | { readonly type: "reload" }
  | { readonly type: "redraw" }
  /** The line is opened in the person's editor; what comes of it is an event "edited". */
  | { readonly type: "edit_line" }
  /** The process is stopped until a shell lets it go on. */
  | { readonly type: "suspend" }
  | { readonly type: "quit" };

/** What came of an event. */
export interface Step<M> {
  readonly model: M;
  readonly effects: readonly Effect[];
}
