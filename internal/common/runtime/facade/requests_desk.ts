import type { AnswerInput, AskInput, HandleInput, Page, RequestFacts, RequestQuery, RequestRecord } from "@bzzz/api";
import { isStandingAt, selectRequests } from "@bzzz/api";
import { parseRequestId } from "@bzzz/base";
import { isRequestFor, type RequestOutline } from "@bzzz/hmmm";
import { answerRequest } from "./answers.ts";
import { askPeople, handleRequest, revokeApproval, withdrawRequest } from "./requests.ts";
import type { FacadeDeps } from "./facade_deps.ts";
import type { Standing } from "./standing.ts";
import { requestRecord, shownState } from "./request_record.ts";

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

  list(query: RequestQuery): Promise<Page<RequestRecord>> {
    const { state } = query;
    const isOpen = state === "open" || state === "snoozed" || state === "pending" || state === "escalated";
    const kept = isOpen ? "open" : state === "standing" ? "answered" : state;
    const nowMs = this.#deps.clock.nowMs();
    const { inbox } = this.#deps.readModel;
    const requests = inbox.list(nowMs, kept);
    // of one that the journal cannot give any more, as its time is over, nothing is shown
    const page = selectRequests(requests, query, {
      factsOf: (request) => this.#factsOf(request, nowMs),
      view: ({ requestId }) => {
        const request = inbox.get(requestId);
        return request && this.#requestRecord(request);
      },
    });
    return Promise.resolve({ ...page, items: page.items.filter((record) => record !== undefined) });
  }

  ids(which: "all" | "open"): readonly string[] {
    const { readModel: { inbox }, clock } = this.#deps;
    return inbox.list(clock.nowMs(), which === "open" ? "open" : undefined).map(({ requestId }) => requestId);
  }

  /** How many can be answered, and how many of them wait for this node's person. */
  count(): { readonly pending: number; readonly for_me: number } {
    const nowMs = this.#deps.clock.nowMs();
    const open = this.#deps.readModel.inbox.list(nowMs, "open").map((request) => this.#factsOf(request, nowMs));
    return { pending: open.length, for_me: open.filter((one) => one.isForMe && one.state !== "snoozed").length };
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

  #factsOf(request: RequestOutline, nowMs: number): RequestFacts {
    const { requestId, openedBy, openedAt, answer, revoked } = request;
    const self = this.#standing.self();
    return {
      owner: openedBy,
      atMs: openedAt.ms,
      counter: openedAt.counter,
      id: requestId,
      state: shownState(request, self.peer, nowMs),
      isForMe: isRequestFor(request, self, self.peer, nowMs),
      isStanding: answer !== undefined && !revoked && isStandingAt(answer, nowMs),
    };
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
