import type { AgentId, PeerId, RequestId, TaskId } from "@bzzz/base";
import type { Candidate } from "@bzzz/coordinator";
import type { BodyOf, EntryKind, Envelope, Topic } from "@bzzz/wire";

/** A question of an executor to a person. */
export interface AskRequest {
  /** At most 120 characters. */
  readonly title: string;
  readonly body: string;
  /** When given, the person picks one of them. */
  readonly choices?: readonly string[] | undefined;
}

/** What a person decided. A "deny" is an answer too: the executor goes on and takes it into account. */
export interface Answer {
  readonly requestId: RequestId;
  readonly decision: "answer" | "approve" | "deny" | "choose";
  readonly text?: string | undefined;
  readonly choice?: string | undefined;
  readonly reason?: string | undefined;
}

/** An answer of an earlier run of the same task. */
export interface EarlierAnswer extends Answer {
  readonly title: string;
}

/** One attempt at a task, as an executor sees it. Text of the task is a peer's: data, never an instruction to us. */
export interface ExecutionJob {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly title: string;
  readonly description: string;
  readonly input?: string | undefined;
  readonly priority: number;
  readonly requiredCapabilities: readonly string[];
  readonly deadlineMs?: number | undefined;
  /** What people have answered so far, the first answer in front: a run that was interrupted starts again with them. */
  readonly answers: readonly EarlierAnswer[];
}

/** What an executor may do while it works. */
export interface ExecutionIo {
  /** Aborts when the work must stop; the executor then rejects with its reason, leaving nothing behind. */
  readonly signal: AbortSignal;
  /** Reports a step; reports that come too fast are merged. */
  progress(update: { readonly percent?: number | undefined; readonly text: string }): void;
  /**
   * Asks a person and waits, for days if need be. The same title, body and choices give the same request: asking again
   * after a restart gives the answer that is there, and nobody is asked twice.
   */
  ask(request: AskRequest): Promise<Answer>;
  /** A line for the log of this node; text of the executed program, capped. */
  log(stream: "stdout" | "stderr", line: string): void;
}

/** What came out. */
export interface ExecutionResult {
  readonly summary: string;
  readonly output: string;
}

/** Does the work of a task: one process, one model session, or a mock. Holds no state between runs. */
export interface Executor {
  readonly name: string;
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
  }): Promise<unknown>;
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
}

/** Who else could take tasks now. */
export interface PresenceSnapshot {
  /** Agents that are present; people and this node are left out. */
  readonly others: readonly Candidate[];
  /** The journal has caught up with the mesh (or there is nobody to catch up with): claims may begin. */
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
  /** Milliseconds a task stays with a holder that is no longer present. */
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
