import type { AnswerInput, AskInput, HandleInput, RequestQuery, RequestRecord } from "@bzzz/api";
import { selectRequests } from "@bzzz/api";
import { parseRequestId } from "@bzzz/base";
import { answerRequest } from "./answers.ts";
import { askPeople, handleRequest, revokeApproval, withdrawRequest } from "./requests.ts";
import type { FacadeDeps } from "./facade_deps.ts";
import type { Standing } from "./standing.ts";
import { requestRecord } from "./request_record.ts";

/** What the desk stands on. */
export type RequestsDeskDeps =
  & Pick<FacadeDeps, "readModel" | "clock">
  & Parameters<typeof answerRequest>[0]
  & Parameters<typeof askPeople>[0];

/** Shows what people are asked, and carries out what they say to it. */
export class RequestsDesk {
  readonly #deps: RequestsDeskDeps;
  readonly #standing: Standing;

  constructor(deps: RequestsDeskDeps, standing: Standing) {
    this.#deps = deps;
    this.#standing = standing;
  }

  list(query: RequestQuery): Promise<readonly RequestRecord[]> {
    const { state } = query;
    const nowMs = this.#deps.clock.nowMs();
    const isOpen = state === "open" || state === "snoozed" || state === "pending" || state === "escalated";
    const kept = isOpen ? "open" : state === "standing" ? "answered" : state;
    const records = this.#deps.readModel.inbox.list(nowMs, kept)
      .sort((a, b) => a.openedAt.ms - b.openedAt.ms || a.openedAt.counter - b.openedAt.counter)
      .map((request) => this.#requestRecord(request));
    return Promise.resolve(selectRequests(records, query, { nowMs }));
  }

  get(requestId: string): Promise<RequestRecord | undefined> {
    const id = parseRequestId(requestId);
    const request = id && this.#deps.readModel.inbox.get(id);
    return Promise.resolve(request && this.#requestRecord(request));
  }

  async answer(requestId: string, input: AnswerInput): Promise<RequestRecord> {
    this.#standing.assertMay("request_answered", "answer a request");
    return this.#requestRecord(await answerRequest(this.#deps, requestId, input));
  }

  async ask(input: AskInput): Promise<RequestRecord> {
    this.#standing.assertMay("request_opened", "ask people");
    return this.#requestRecord(await askPeople(this.#deps, input));
  }

  async handle(requestId: string, input: HandleInput): Promise<RequestRecord> {
    this.#standing.assertMay("request_handled", `${input.act} a request`);
    return this.#requestRecord(await handleRequest(this.#deps, requestId, input));
  }

  async revokeApproval(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    this.#standing.assertMay("request_revoked", "take an approval back");
    return this.#requestRecord(await revokeApproval(this.#deps, requestId, options));
  }

  async withdraw(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    this.#standing.assertMay("request_withdrawn", "withdraw a request");
    return this.#requestRecord(await withdrawRequest(this.#deps, requestId, options));
  }

  #requestRecord(request: Parameters<typeof requestRecord>[0]): RequestRecord {
    const { readModel } = this.#deps;
    return requestRecord(request, {
      nowMs: this.#deps.clock.nowMs(),
      self: this.#standing.self(),
      grantOf: this.#standing.grantOf,
      raised: readModel.stakesOf(request),
      worded: request.wording && readModel.wordingOf(request, request.wording),
    });
  }
}
