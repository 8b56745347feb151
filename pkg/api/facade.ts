import type {
  AnswerInput,
  CreateInviteInput,
  JournalQuery,
  MessageQuery,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  TaskQuery,
} from "./inputs.ts";
import type {
  AgentView,
  CreatedInviteView,
  EntryDetailView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  RequestRecord,
  StatusView,
  TaskView,
} from "./views.ts";

/** What `MeshFacade.watch` reports. Entries are durable and have a cursor; peer changes are not. */
export type MeshEvent =
  | { readonly type: "entry"; readonly entry: EntryView }
  | { readonly type: "peer"; readonly change: "connected" | "admitted" | "disconnected"; readonly peer: PeerView };

/**
 * Everything the API needs of a running node. The runtime implements it; tests use `FakeMesh` of `testing.ts`.
 *
 * Expected refusals are `BzzzError`s whose codes are in the table of `errors.ts` ("not_allowed", "already_answered", …); a method
 * that looks one thing up returns undefined when it is not there.
 */
export interface MeshFacade {
  status(): Promise<StatusView>;
  peers(): Promise<readonly PeerView[]>;
  members(): Promise<readonly MemberView[]>;
  agents(): Promise<readonly AgentView[]>;

  /** Newest first. */
  tasks(query: TaskQuery): Promise<readonly TaskView[]>;
  task(taskId: string): Promise<TaskView | undefined>;
  /** Every entry about the task, oldest first. */
  taskHistory(taskId: string): Promise<readonly EntryView[]>;
  /**
   * Posts once per `client_id`: the same id with the same content returns the first task with `isNew` false, also when both calls
   * run at once and after a restart.
   * @throws BzzzError "client_id_conflict" for the same id with other content, "not_allowed"
   */
  postTask(input: PostTaskInput): Promise<{ readonly task: TaskView; readonly isNew: boolean }>;
  /** @throws BzzzError "not_found", "task_closed", "not_allowed" */
  cancelTask(taskId: string, options: { readonly reason: string }): Promise<TaskView>;

  /** Entries with a cursor above `after` in order of cursor, at most `limit`. @throws BzzzError "invalid_topic", "invalid_kind" */
  journal(query: JournalQuery): Promise<readonly EntryView[]>;
  /** Cursor of the newest entry; 0 when there is none. */
  latestCursor(): Promise<number>;
  entry(id: string): Promise<EntryDetailView | undefined>;

  /** Oldest first. @throws BzzzError "invalid_topic" */
  messages(query: MessageQuery): Promise<readonly MessageView[]>;
  /** Resolves when the message is on disk. @throws BzzzError "invalid_topic", "not_allowed", "thread_limit" */
  postMessage(input: PostMessageInput): Promise<MessageView>;

  /** Oldest first. */
  requests(query: RequestQuery): Promise<readonly RequestRecord[]>;
  request(requestId: string): Promise<RequestRecord | undefined>;
  /**
   * Records the decision of this node's person; resolves when it is on disk.
   * @throws BzzzError "not_found", "already_answered" (details: answered_by, answered_at_ms), "request_closed", "digest_mismatch",
   *   "decision_not_offered", "not_allowed"
   */
  answer(requestId: string, input: AnswerInput): Promise<RequestRecord>;

  invites(): Promise<readonly InviteView[]>;
  /** @throws BzzzError "not_allowed", "duplicate_agent_id" */
  createInvite(input: CreateInviteInput): Promise<CreatedInviteView>;
  /** @throws BzzzError "not_found", "invite_used" */
  revokeInvite(inviteId: string): Promise<InviteView>;
  /** `reference` is a peer id or an agent id. @throws BzzzError "not_found", "not_allowed", "already_revoked" */
  revokeMember(reference: string, options: { readonly reason: string }): Promise<MemberView>;

  /** Asks the node to shut down in order; resolves at once, before it has. */
  stop(options: { readonly reason: string }): Promise<void>;

  /**
   * Calls `listener` for every change until the returned function is called. Entries are reported after their commit, in order of
   * cursor, and `journal` shows an entry no later than `listener` hears of it: streams depend on both. Tasks and requests have taken it in
   * by then, too: a client that hears of a request asks for it at once.
   */
  watch(listener: (event: MeshEvent) => void): () => void;
}
