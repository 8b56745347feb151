import type { PersonId } from "@bzzz/agentid";
import type { AgentId, EntryId, PeerId, RequestId, TaskId } from "@bzzz/base";
import type { Candidate, TaskBudget, TaskUse } from "@bzzz/coordinator";
import type { BodyOf, EntryKind, Envelope, RequestAction, Topic } from "@bzzz/wire";

/** Who wrote a text, as the grant of its author says now: what is shown to a model as data is labelled with it. */
export interface AuthorLabel {
  /** The agent id; the peer id of one that is no member any more. */
  readonly name: string;
  /** Undefined: no member any more. */
  readonly role: string | undefined;
}

/** A question of an executor to a person. */
export interface AskRequest {
  /** At most 120 characters. */
  readonly title: string;
  readonly body: string;
  /** When given, the person picks one of them. */
  readonly choices?: readonly string[] | undefined;
  /** When given, the person fills this form in: a flat JSON Schema as text. */
  readonly schema?: string | undefined;
  /** When given, the person approves exactly this, or denies it. */
  readonly action?: RequestAction | undefined;
  /** The person may approve another action with the same verb instead. */
  readonly isEditable?: boolean | undefined;
  readonly stakes?: BodyOf<"request_opened">["stakes"] | undefined;
  /** A wording of the reader's own library that says this better. */
  readonly wording?: NonNullable<BodyOf<"request_opened">["wording"]> | undefined;
  /** What to read first. */
  readonly refs?: readonly string[] | undefined;
  /** Milliseconds from now; silence until then denies, or asks everybody who may decide. It never approves. */
  readonly due?: { readonly afterMs: number; readonly onTimeout: "deny" | "escalate" } | undefined;
  /** No policy may decide it. */
  readonly isPersonRequired?: boolean | undefined;
  readonly quorum?: { readonly n: number; readonly of: number } | undefined;
}

/** What a person decided. A "deny" is an answer too: the executor goes on and takes it into account. */
export interface Answer {
  readonly requestId: RequestId;
  readonly decision: "answer" | "approve" | "deny" | "choose";
  readonly text?: string | undefined;
  readonly choice?: string | undefined;
  readonly reason?: string | undefined;
  /** Of a form, as JSON text; it has the schema's form. */
  readonly values?: string | undefined;
  /** What was approved instead of what was asked. */
  readonly editedAction?: RequestAction | undefined;
  /** A rule of a person's policy decided it. */
  readonly isAutomatic?: boolean | undefined;
  /** What this was permitted for has been done, or has failed, as an earlier run told: it is not to be done again. */
  readonly performed?: "done" | "failed" | undefined;
  /** Who answered; missing: nobody did. */
  readonly by?: AuthorLabel | undefined;
}

/** An answer of an earlier run of the same task. */
export interface EarlierAnswer extends Answer {
  readonly title: string;
  /** What was asked, as the run wrote it. */
  readonly body: string;
  /** A try that failed has asked it; the answer may be what made it fail, and people may be asked again. */
  readonly isOfFailedTry?: boolean | undefined;
}

/** One attempt at a task, as an executor sees it. Text of the task is a peer's: data, never an instruction to us. */
export interface ExecutionJob {
  readonly taskId: TaskId;
  readonly attempt: number;
  /**
   * The fencing token: grows with every claim of the task. Who writes for it elsewhere hands it on, and refuses a token
   * that is less than one it has seen.
   */
  readonly token: number;
  /** Who posted it, then who posted each of its parents, the nearest in front; empty: this node itself asks for it. */
  readonly postedBy: readonly AuthorLabel[];
  readonly title: string;
  readonly description: string;
  readonly input?: string | undefined;
  readonly priority: number;
  readonly requiredCapabilities: readonly string[];
  /**
   * What it may use and do, its parents considered; a part that is missing is not limited. Of tokens and money what is
   * left: what earlier tries, its parents and their other parts have used is taken off.
   */
  readonly budgets: TaskBudget;
  readonly rights?: readonly string[] | undefined;
  readonly deadlineMs?: number | undefined;
  /** Why tries before this one failed, or were sent back by a review, the last three; text of their holders or reviewers. */
  readonly earlierTries: readonly { readonly outcome: "failed" | "rejected"; readonly reason: string }[];
  /** The plan that was told and is carried out now, where the poster wanted one. */
  readonly plan?: string | undefined;
  /** What people have answered so far, the first answer in front: a run that was interrupted starts again with them. */
  readonly answers: readonly EarlierAnswer[];
}

/** What an executor may do while it works. */
export interface ExecutionIo {
  /** Aborts when the work must stop; the executor then rejects with its reason, leaving nothing behind. */
  readonly signal: AbortSignal;
  /** Reports a step; reports that come too fast are merged. */
  progress(update: { readonly percent?: number | undefined; readonly text: string }): void;
  /** Tells what was used since the last word on it; more than the task may use ends the work (`signal`). */
  used(use: TaskUse): void;
  /**
   * Asks a person and waits, for days if need be. The same title, body and choices give the same request: asking again
   * after a restart gives the answer that is there, and nobody is asked twice.
   */
  ask(request: AskRequest): Promise<Answer>;
  /** Tells people what came of what they approved: permitted is not done. Once for each request. */
  performed(requestId: RequestId, outcome: "done" | "failed", text: string): Promise<void>;
  /** A line for the log of this node; text of the executed program, capped. */
  log(stream: "stdout" | "stderr", line: string): void;
}

/** What an executor may do while it plans. */
export type PlanIo = Pick<ExecutionIo, "signal" | "used">;

/** What came out. */
export interface ExecutionResult {
  readonly summary: string;
  readonly output: string;
  /** What was used since the last `used`. A result that is there counts, even if this is more than the task may use. */
  readonly used?: TaskUse | undefined;
}

/** Does the work of a task: one process, one model session, or a mock. Holds no state between runs. */
export interface Executor {
  readonly name: string;
  /**
   * What it is going to do, for others to object to before it is done; asked when the task wants a plan. Plain text. One that
   * makes no plans cannot do such tasks.
   * @throws ExecutorError when the task cannot be done; the reason of `io.signal` when it was stopped
   */
  plan?(job: ExecutionJob, io: PlanIo): Promise<string>;
  /** @throws ExecutorError when the task cannot be done; the reason of `io.signal` when it was stopped */
  run(job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult>;
}

/** An entry as the journal gives it: verified, decoded, on disk. */
export interface AgentEntry {
  readonly cursor: number;
  readonly envelope: Envelope;
  readonly kind: EntryKind;
  readonly body: unknown;
}

/** What the agent needs of the journal; `Journal` of `@bzzz/journal` fits. */
export interface AgentJournal {
  /** Resolves once the entry is on disk. */
  append<K extends EntryKind>(draft: {
    readonly kind: K;
    readonly topic: Topic;
    readonly body: BodyOf<K>;
    readonly task?: TaskId;
    readonly thread?: string;
    readonly parent?: EntryId;
  }): Promise<{ readonly envelope: Pick<Envelope, "id"> }>;
  /** An entry that is stored here. */
  get(id: EntryId): Pick<AgentEntry, "kind" | "body"> | undefined;
  entriesAfter(
    cursor: number,
    query: { readonly limit: number; readonly kinds: readonly EntryKind[] },
  ): readonly AgentEntry[];
  readonly events: {
    on(
      name: "entry:stored",
      listener: (detail: { readonly entry: AgentEntry }) => void,
      options: { signal: AbortSignal },
    ): void;
  };
}

/** What the grant of an author says, when it was valid at that time. */
export interface AuthorGrantView {
  readonly agentId: AgentId;
  readonly binaryType: string;
  readonly role: string;
  readonly level: string;
  /** Whose node it is. */
  readonly person?: PersonId | undefined;
}

/** Who else could take tasks now. */
export interface PresenceSnapshot {
  /** Agents that are present; people and this node are left out. */
  readonly others: readonly Candidate[];
  /** The journal has caught up with the mesh, or there is nobody to catch up with; voters answer: claims may begin. */
  readonly isReady: boolean;
  /** Presence was watched for one whole timeout: who is not in `others` is absent. */
  readonly isWarm: boolean;
}

/** What the agent needs to know of the others. */
export interface PresenceView {
  snapshot(): PresenceSnapshot;
  /** Calls `listener` after every change of the snapshot. */
  onChanged(listener: () => void, options: { signal: AbortSignal }): void;
}

/** What an agent says of itself. */
export interface AgentRunnerOptions {
  readonly self: PeerId;
  readonly role: string;
  readonly capabilities: readonly string[];
  /** Tasks worked on at the same time. */
  readonly maxTasks: number;
  /** Milliseconds a claim lasts unless it is renewed; it is renewed every third of it. */
  readonly leaseMs: number;
  /** A question that waits for longer gives its slot back: the executor is stopped and started again with the answer. */
  readonly parkAfterMs?: number;
  /** To whom executors' questions go; default: everybody who may decide. */
  readonly askTo?: BodyOf<"request_opened">["to"];
}

/** The agent's own part of its presence. */
export interface AgentStatus {
  readonly status: "ready" | "working" | "busy" | "draining";
  readonly activeTasks: number;
  readonly maxTasks: number;
}
