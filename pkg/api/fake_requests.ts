import { createUlid, hexEncode } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import type { FakeJournal, FakeJournalDeps } from "./fake_journal.ts";
import type { FakeIdentity } from "./fake_identity.ts";
import type { AnswerInput, AskInput, HandleInput, RequestQuery } from "./inputs.ts";
import type { Page } from "./fair_page.ts";
import { isStandingAt, selectRequests } from "./select_requests.ts";
import { isOpenRequest } from "./states.ts";
import type { RequestRecord } from "./views.ts";

/** The requests of a mesh in memory: opened by its agent or its person, answered by its person. */
export class FakeRequests {
  readonly map = new Map<string, RequestRecord>();
  readonly #deps: FakeJournalDeps;
  readonly #journal: FakeJournal;
  readonly #identity: FakeIdentity;

  constructor(journal: FakeJournal, identity: FakeIdentity, deps: FakeJournalDeps) {
    this.#journal = journal;
    this.#identity = identity;
    this.#deps = deps;
  }

  /** Lets the agent ask a person. */
  open(fields: Partial<RequestRecord> = {}): RequestRecord {
    const record: RequestRecord = {
      request_id: createUlid(this.#deps.clock.nowMs(), this.#deps.random),
      digest: hexEncode(this.#deps.random.bytes(32)),
      kind: "question",
      state: "pending",
      stakes: "normal",
      title: "Which branch?",
      body: "There are two.",
      allow: ["answer"],
      from: this.#deps.agent,
      to: { human: "ana" },
      is_addressed_to_me: true,
      opened_at_ms: this.#deps.clock.nowMs(),
      on_timeout: "hold",
      ...fields,
    };
    this.map.set(record.request_id, record);
    this.#journal.append("request_opened", { request_id: record.request_id, title: record.title, kind: record.kind });
    return record;
  }

  list(query: RequestQuery): Page<RequestRecord> {
    const nowMs = this.#deps.clock.nowMs();
    const places = [...this.map.keys()];
    return selectRequests(this.map.values(), query, {
      factsOf: ({ request_id: id, from, opened_at_ms: atMs, answer, revoked, state, is_addressed_to_me: isForMe }) => ({
        owner: from.peer_id,
        atMs,
        counter: places.indexOf(id),
        id,
        state,
        isForMe,
        isStanding: answer !== undefined && !revoked && isStandingAt({ ...answer, untilMs: answer.until_ms }, nowMs),
      }),
      view: (record) => record,
    });
  }

  ids(which: "all" | "open"): readonly string[] {
    return [...this.map.values()].filter((one) => which === "all" || isOpenRequest(one)).map((one) => one.request_id);
  }

  get(requestId: string): RequestRecord | undefined {
    return this.map.get(requestId);
  }

  answer(requestId: string, input: AnswerInput): RequestRecord {
    const record = this.map.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot answer the request: there is none with that id");
    if (record.answer) {
      throw new ApiError("already_answered", `Cannot answer the request: ${record.answer.by.agent_id} did`, {
        details: { answered_by: record.answer.by.agent_id, answered_at_ms: record.answer.at_ms },
      });
    }
    if (!isOpenRequest(record)) {
      throw new ApiError("request_closed", `Cannot answer the request: it is ${record.state}`);
    }
    if (record.digest !== input.request_digest) {
      throw new ApiError("digest_mismatch", "Cannot answer the request: the digest is of another text");
    }
    this.#identity.sign(record, input);
    const { request_digest: digest, edited_action: edited, passphrase: _, ...decided } = input;
    const decision = { ...decided, ...(edited ? { edited_action: edited } : {}) };
    const entry = this.#journal.append("request_answered", {
      request_id: requestId,
      request_digest: digest,
      ...decision,
    }, {
      author: this.#deps.me,
    });
    const answered: RequestRecord = {
      ...record,
      state: input.decision === "deny" ? "declined" : "answered",
      answer: { ...decision, by: this.#deps.me, at_ms: this.#deps.clock.nowMs(), entry_id: entry.id },
    };
    this.map.set(requestId, answered);
    return answered;
  }

  ask(input: AskInput): RequestRecord {
    const { kind, to, title, body, stakes, on_timeout, allow, choices, deadline_ms: deadlineMs } = input;
    return this.open({
      kind,
      to,
      title,
      body,
      stakes,
      on_timeout,
      allow: allow ?? (kind === "approval" ? ["approve", "deny"] : choices ? ["choose", "deny"] : ["answer", "deny"]),
      from: this.#deps.me,
      is_addressed_to_me: false,
      ...(choices ? { choices } : {}),
      ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs }),
    });
  }

  handle(requestId: string, input: HandleInput): RequestRecord {
    const record = this.map.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot do that: there is no request with that id");
    if (record.digest !== input.request_digest) {
      throw new ApiError("digest_mismatch", "Cannot do that: the digest is of another text");
    }
    const { act, until_ms: untilMs, to = {}, reason } = input;
    const at = this.#deps.clock.nowMs();
    this.#journal.append("request_handled", { request_id: requestId, act }, { author: this.#deps.me });
    const isOver = (untilMs ?? 0) <= at;
    const escalation = { by: "ana", at_ms: at, to, ...(reason === undefined ? {} : { reason }) };
    const handled: RequestRecord = {
      ...record,
      ...(act === "snooze" ? { state: isOver ? "pending" : "snoozed", snoozed_until_ms: untilMs ?? 0 } : {}),
      ...(act === "escalate" ? { state: "escalated", escalations: [...record.escalations ?? [], escalation] } : {}),
    };
    this.map.set(requestId, handled);
    return handled;
  }

  revokeApproval(requestId: string, { reason }: { reason: string }): RequestRecord {
    const record = this.map.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot take that back: there is no request with that id");
    if (record.answer?.decision !== "approve" || record.revoked) {
      throw new ApiError("request_closed", "Cannot take the approval back: there is none");
    }
    const revoked: RequestRecord = { ...record, revoked: { by: "ana", at_ms: this.#deps.clock.nowMs(), reason } };
    this.#journal.append("request_revoked", { request_id: requestId, reason }, { author: this.#deps.me });
    this.map.set(requestId, revoked);
    return revoked;
  }

  withdraw(requestId: string, { reason }: { reason: string }): RequestRecord {
    const record = this.map.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot withdraw the request: there is none with that id");
    const withdrawn: RequestRecord = { ...record, state: "withdrawn", closed_reason: reason };
    this.#journal.append("request_withdrawn", { request_id: requestId, reason }, { author: this.#deps.me });
    this.map.set(requestId, withdrawn);
    return withdrawn;
  }
}
