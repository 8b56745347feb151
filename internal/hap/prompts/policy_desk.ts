import { type Clock, errorMessage, type PeerId, TaskGroup, type Timer } from "@bzzz/base";
import { formatIssues } from "@bzzz/config";
import { type AnswerEntry, checkAnswer, type PersonAuthority, type RequestInbox, type RequestView } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import type { BodyOf } from "@bzzz/wire";
import { type MandateProof, policyDigest } from "./policy_mandate.ts";
import { ASK_EVERYTHING, judge, parsePolicy, type Policy, type PolicyVerdict } from "./policy.ts";

/** How often the file is looked at. */
export const POLICY_LOOK_MS = 2_000;
const HOUR_MS = 3_600_000;

/** What automatic decisions are made with. */
export interface PolicyDeskDeps {
  readonly clock: Pick<Clock, "nowMs" | "setPeriodic">;
  readonly logger: Logger;
  readonly inbox: Pick<RequestInbox, "get" | "list">;
  readonly self: PeerId;
  /** The grant of this node as it stands now. */
  readonly authority: () => PersonAuthority;
  readonly grantOf: (peer: PeerId) => PersonAuthority | undefined;
  /** What the asker proposes, or more. */
  readonly stakesOf: (view: RequestView) => RequestView["stakes"];
  /** What shows that the person lets the rules of this policy approve; undefined: they have not accepted it. */
  readonly mandate: (policy: Policy, digest: string) => Promise<MandateProof | undefined>;
  /** Who stands behind an answer that this node is about to give. */
  readonly humanOf: (body: BodyOf<"request_answered">) => AnswerEntry["human"];
  /** Text of the policy's file; undefined: there is none. */
  readonly read: () => Promise<string | undefined>;
  /** Resolves when it is on disk. */
  readonly append: (body: BodyOf<"request_answered">, request: RequestView) => Promise<void>;
  readonly onChanged: (listener: (view: RequestView) => void, options: { signal: AbortSignal }) => void;
}

/**
 * Decides requests that the policy's file decides, signed by the node and marked with the rule. Whatever the file does not
 * name, a person is asked; a file that cannot be read decides nothing, and the log says why. Stop it with the node.
 */
export class PolicyDesk {
  readonly #deps: PolicyDeskDeps;
  readonly #stopped = new AbortController();
  readonly #work: TaskGroup;
  /** Requests under decision: one that is being signed is not decided again. */
  readonly #deciding = new Set<string>();
  /** By rules that have a number an hour, in the last hour: as many as those numbers. */
  readonly #decided = new Map<string, { readonly rule: string; readonly atMs: number }>();
  #policy: Policy = ASK_EVERYTHING;
  #digest = "";
  #text: string | undefined;
  #mandate: MandateProof | undefined;
  /** Why the file could not be read the last time: told once. */
  #problem: string | undefined;
  #timer: Timer | undefined;
  #isLooking = false;

  constructor(deps: PolicyDeskDeps) {
    this.#deps = deps;
    this.#work = new TaskGroup((error, what) => deps.logger.warn("A part of the policy failed", { what }, error));
  }

  /** Reads the file, decides what is open, then follows both. */
  async start(): Promise<void> {
    await this.#look();
    const { clock, onChanged } = this.#deps;
    onChanged((view) => this.#consider(view), { signal: this.#stopped.signal });
    this.#timer = clock.setPeriodic(POLICY_LOOK_MS, () => {
      if (!this.#isLooking) this.#work.run("read the policy", () => this.#look());
    });
  }

  /** Resolves when what was being signed is on disk. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#work.settled();
  }

  /** What the policy says to a request. */
  verdict(view: RequestView): PolicyVerdict {
    const asker = this.#deps.grantOf(view.openedBy);
    return judge(this.#policy, {
      kind: view.kind,
      action: view.action?.verb,
      target: view.action?.target,
      from: asker?.agentId,
      fromRole: asker?.role,
      stakes: this.#deps.stakesOf(view),
    });
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      const isNew = this.#take(await this.#deps.read());
      if (await this.#findMandate() || isNew) this.#considerAll();
      this.#problem = undefined;
    } catch (error) {
      this.#take(undefined);
      const problem = errorMessage(error);
      if (problem !== this.#problem) this.#deps.logger.error("The policy cannot be read: people are asked", {}, error);
      this.#problem = problem;
    } finally {
      this.#isLooking = false;
    }
  }

  /** Whether there is one now where there was none: a person may accept what they had not, at any time. */
  async #findMandate(): Promise<boolean> {
    if (this.#mandate || !this.#policy.rules.some((rule) => rule.do === "allow")) return false;
    this.#mandate = await this.#deps.mandate(this.#policy, this.#digest);
    return this.#mandate !== undefined;
  }

  #considerAll(): void {
    const { inbox, clock } = this.#deps;
    for (const { requestId } of inbox.list(clock.nowMs(), "open")) {
      const view = inbox.get(requestId);
      if (view) this.#consider(view);
    }
  }

  /** Whether there is another policy than before. */
  #take(text: string | undefined): boolean {
    if (text === this.#text) return false;
    this.#text = text;
    this.#mandate = undefined;
    const { logger } = this.#deps;
    const parsed = text === undefined ? { ok: true as const, policy: ASK_EVERYTHING } : parsePolicy(text, "policy");
    this.#policy = parsed.ok ? parsed.policy : ASK_EVERYTHING;
    this.#digest = policyDigest(text ?? "");
    if (!parsed.ok) {
      logger.error("The policy is not valid: people are asked", { problem: formatIssues(parsed.issues) });
      return true;
    }
    logger.info("The policy is in force", { rules: this.#policy.rules.length, digest: this.#digest });
    return true;
  }

  #consider(view: RequestView): void {
    const verdict = this.verdict(view);
    const { rule, perHour } = verdict;
    if (verdict.do === "ask" || rule === undefined || this.#deciding.has(view.requestId)) return;
    const body = this.#bodyOf(view, verdict, rule);
    if (!body || this.#isUsedUp(verdict, rule)) return;
    this.#deciding.add(view.requestId);
    this.#work.run("decide by a rule", async () => {
      try {
        await this.#deps.append(body, view);
        if (perHour !== undefined) this.#decided.set(view.requestId, { rule, atMs: this.#deps.clock.nowMs() });
      } finally {
        this.#deciding.delete(view.requestId);
      }
    });
  }

  /** The decision, if it would count; undefined where a person must decide, or somebody has. */
  #bodyOf(view: RequestView, verdict: PolicyVerdict, rule: string): BodyOf<"request_answered"> | undefined {
    const { clock, self, authority } = this.#deps;
    if (view.recordedState !== "pending" || view.votes.length > 0) return undefined;
    const body = {
      requestId: view.requestId,
      requestDigest: view.digest,
      decision: verdict.do === "allow" ? "approve" as const : "deny" as const,
      ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
      auto: { rule, policy: this.#digest },
      ...(verdict.do === "allow" && this.#mandate ? { proof: this.#mandate } : {}),
    };
    if (verdict.do === "allow" && !this.#mandate) return undefined;
    const human = this.#deps.humanOf(body);
    const entry: AnswerEntry = {
      author: self,
      authority: authority(),
      hlc: { ms: clock.nowMs(), counter: 0 },
      body,
      ...(human ? { human } : {}),
    };
    return checkAnswer(view, entry) === undefined ? body : undefined;
  }

  /** The entries are the count, so it holds over restarts; what this desk decided counts also where the inbox forgot it. */
  #isUsedUp({ perHour }: PolicyVerdict, rule: string): boolean {
    if (perHour === undefined) return false;
    const { inbox, clock, self } = this.#deps;
    const sinceMs = clock.nowMs() - HOUR_MS;
    const used = new Set<string>();
    for (const { requestId, answer } of inbox.list(clock.nowMs())) {
      const isOurs = answer?.auto?.rule === rule && answer.author === self;
      if (isOurs && answer.answeredAt.ms > sinceMs) used.add(requestId);
    }
    for (const [requestId, decided] of this.#decided) {
      if (decided.atMs <= sinceMs) this.#decided.delete(requestId);
      else if (decided.rule === rule) used.add(requestId);
    }
    return used.size + this.#deciding.size >= perHour;
  }
}
