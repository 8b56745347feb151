import type {
  AnswerInput,
  AskInput,
  CreateInviteInput,
  ElectionOrderInput,
  HandleInput,
  JournalQuery,
  MessageQuery,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  RetryTaskInput,
  ReviewTaskInput,
  TaskQuery,
} from "./inputs.ts";
import type { DefineRolesInput, ExportedKeysView, RoleKeyView, RoleView } from "./role_views.ts";
import type {
  AgentView,
  CreatedInviteView,
  ElectionView,
  EntryDetailView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  PersonPresence,
  RequestRecord,
  StatusView,
  TaskView,
} from "./views.ts";
import type {
  IdentityView,
  PassphraseChangeInput,
  PersonView,
  RevokeDeviceInput,
  RootUseInput,
} from "./person_views.ts";
import type { Page } from "./fair_page.ts";
import type { SlurpFacade } from "./slurp_facade.ts";
import type { VotersView } from "./voter_views.ts";

/** What `MeshFacade.watch` reports. Entries are durable and have a cursor; changes of peers and of the leader are not. */
export type MeshEvent =
  | { readonly type: "entry"; readonly entry: EntryView }
  | { readonly type: "leader"; readonly election: ElectionView }
  | { readonly type: "peer"; readonly change: "connected" | "admitted" | "disconnected"; readonly peer: PeerView };

/** Roles of the mesh and their keys. Expected refusals are `BzzzError`s, as in `MeshFacade`. */
export interface RolesFacade {
  /** The built-in ones first. */
  list(): Promise<readonly RoleView[]>;
  /** Replaces the mesh's own roles; resolves with all roles when it is on disk. @throws BzzzError "not_allowed", "invalid_request" */
  define(input: DefineRolesInput): Promise<readonly RoleView[]>;
  /** By role, the current key first. */
  keys(): Promise<readonly RoleKeyView[]>;
  /** @throws BzzzError "not_found", "not_allowed" */
  rotateKey(role: string): Promise<RoleKeyView>;
  /** Writes the keys of a role that this node has to a private file. @throws BzzzError "not_found" when it has none */
  exportKeys(role: string): Promise<ExportedKeysView>;
}

/** The person of this node, and those of the mesh. Expected refusals are `BzzzError`s, as in `MeshFacade`. */
export interface IdentityFacade {
  show(): Promise<IdentityView>;
  /** Opens the person's key for a while. @throws BzzzError "identity_locked" for a wrong passphrase, "not_allowed" where nobody's key is */
  unlock(passphrase: string): Promise<IdentityView>;
  lock(): Promise<IdentityView>;
  /** @throws BzzzError as `unlock` */
  changePassphrase(input: PassphraseChangeInput): Promise<IdentityView>;
  /** Replaces the root key. @throws BzzzError as `unlock`, "person_missing" where the root key is kept elsewhere */
  rotate(input: RootUseInput): Promise<IdentityView>;
  /** Certifies this device anew. @throws BzzzError as `rotate` */
  renew(input: RootUseInput): Promise<IdentityView>;
  /** @throws BzzzError as `rotate`, "not_found" for what is no device of the person */
  revokeDevice(input: RevokeDeviceInput): Promise<IdentityView>;
  /** By agent id. */
  people(): Promise<readonly PersonView[]>;
  /** @throws BzzzError "not_found", "not_allowed", "invalid_request" when the words are not those of the key that it shows */
  admit(member: string, words: string): Promise<PersonView>;
}

/** Who votes; see `@bzzz/register`. */
export interface VotersFacade {
  show(): Promise<VotersView>;
  /** @throws BzzzError "not_found", "not_allowed", "voter_refused", "no_quorum" */
  add(member: string): Promise<VotersView>;
  /** @throws BzzzError "not_found", "not_allowed", "voter_refused", "no_quorum" */
  remove(member: string): Promise<VotersView>;
}

/** The leadership of the mesh. Expected refusals are `BzzzError`s, as in `MeshFacade`. */
export interface ElectionFacade {
  show(): Promise<ElectionView>;
  /**
   * Ends the term of whoever leads. `trigger`: everybody stands again; `step_down`: who led comes last. The order is in the
   * history before the voters hear of it. Resolves when they have decided; the next leader may not be there yet.
   * @throws BzzzError "not_allowed", "no_leader", "term_moved", "no_quorum"
   */
  order(order: "trigger" | "step_down", input: ElectionOrderInput): Promise<ElectionView>;
}

/**
 * Everything the API needs of a running node. The runtime implements it; tests use `FakeMesh` of `testing.ts`.
 *
 * Expected refusals are `BzzzError`s whose codes are in the table of `errors.ts` ("not_allowed", "already_answered", …); a method
 * that looks one thing up returns undefined when it is not there.
 */
export interface MeshFacade {
  readonly roles: RolesFacade;
  readonly voters: VotersFacade;
  readonly identity: IdentityFacade;
  readonly election: ElectionFacade;
  readonly slurp: SlurpFacade;
  status(): Promise<StatusView>;
  peers(): Promise<readonly PeerView[]>;
  members(): Promise<readonly MemberView[]>;
  agents(): Promise<readonly AgentView[]>;

  /** Newest first; of more than one answer has, the newest of each author. */
  tasks(query: TaskQuery): Promise<Page<TaskView>>;
  /** Of all tasks. */
  taskIds(): Promise<readonly string[]>;
  task(taskId: string): Promise<TaskView | undefined>;
  /** Every entry about the task, oldest first. */
  taskHistory(taskId: string): Promise<readonly EntryView[]>;
  /**
   * Posts once per `client_id`: the same id with the same content returns the first task with `isNew` false, also when both calls
   * run at once and after a restart.
   * @throws BzzzError "client_id_conflict" for the same id with other content, "not_allowed"
   */
  postTask(input: PostTaskInput): Promise<{ readonly task: TaskView; readonly isNew: boolean }>;
  /** @throws BzzzError "not_found", "task_closed", "not_allowed", "task_refused", "no_quorum" */
  cancelTask(taskId: string, options: { readonly reason: string }): Promise<TaskView>;
  /** @throws BzzzError "not_found", "task_closed", "invalid_request", "not_allowed", "task_refused", "no_quorum" */
  retryTask(taskId: string, input: RetryTaskInput): Promise<TaskView>;
  /** @throws BzzzError "not_found", "not_allowed", "task_refused", "result_moved", "no_quorum" */
  reviewTask(taskId: string, input: ReviewTaskInput): Promise<TaskView>;

  /** Entries with a cursor above `after` in order of cursor, at most `limit`. @throws BzzzError "invalid_topic", "invalid_kind" */
  journal(query: JournalQuery): Promise<readonly EntryView[]>;
  /** Cursor of the newest entry; 0 when there is none. */
  latestCursor(): Promise<number>;
  entry(id: string): Promise<EntryDetailView | undefined>;

  /** Oldest first. @throws BzzzError "invalid_topic" */
  messages(query: MessageQuery): Promise<readonly MessageView[]>;
  /** Resolves when the message is on disk. @throws BzzzError "invalid_topic", "not_allowed", "thread_limit" */
  postMessage(input: PostMessageInput): Promise<MessageView>;

  /** Oldest first; of more than one answer has, those that `selectRequests` says. */
  requests(query: RequestQuery): Promise<Page<RequestRecord>>;
  /** Of all requests, or of those that can be answered. */
  requestIds(which: "all" | "open"): Promise<readonly string[]>;
  request(requestId: string): Promise<RequestRecord | undefined>;
  /**
   * Records the decision of this node's person; resolves when it is on disk.
   * @throws BzzzError "not_found", "already_answered" (details: answered_by, answered_at_ms), "request_closed", "digest_mismatch",
   *   "decision_not_offered", "not_allowed"
   */
  answer(requestId: string, input: AnswerInput): Promise<RequestRecord>;
  /** Asks people; resolves when it is on disk. @throws BzzzError "not_allowed", "invalid_request" */
  ask(input: AskInput): Promise<RequestRecord>;
  /**
   * This node's person puts a request off, hands it on, or says that they read it.
   * @throws BzzzError "not_found", "request_closed", "digest_mismatch", "decision_not_offered", "not_allowed", "invalid_request"
   */
  handle(requestId: string, input: HandleInput): Promise<RequestRecord>;
  /** Takes an approval back. @throws BzzzError "not_found", "request_closed" when there is none, "not_allowed" */
  revokeApproval(requestId: string, options: { readonly reason: string }): Promise<RequestRecord>;
  /** Takes back what this node asked. @throws BzzzError "not_found", "request_closed", "not_allowed" */
  withdraw(requestId: string, options: { readonly reason: string }): Promise<RequestRecord>;

  invites(): Promise<readonly InviteView[]>;
  /** @throws BzzzError "not_allowed", "duplicate_agent_id" */
  createInvite(input: CreateInviteInput): Promise<CreatedInviteView>;
  /** @throws BzzzError "not_found", "invite_used" */
  revokeInvite(inviteId: string): Promise<InviteView>;
  /** `reference` is a peer id or an agent id. @throws BzzzError "not_found", "not_allowed", "already_revoked" */
  revokeMember(reference: string, options: { readonly reason: string }): Promise<MemberView>;

  /** What the person of this node says of themselves: told to everybody, kept until the node stops. Resolves with this node's view. */
  setPerson(person: PersonPresence): Promise<AgentView>;

  /** Asks the node to shut down in order; resolves at once, before it has. */
  stop(options: { readonly reason: string }): Promise<void>;

  /**
   * Calls `listener` for every change until the returned function is called. Entries are reported after their commit, in order of
   * cursor, and `journal` shows an entry no later than `listener` hears of it: streams depend on both. Tasks and requests have taken it in
   * by then, too: a client that hears of a request asks for it at once.
   */
  watch(listener: (event: MeshEvent) => void): () => void;
}
