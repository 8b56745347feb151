// One executor before a fake server of models, and everything that a task sees of it: for the tests beside.
import { createSystemClock } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { type ModelApi, ModelClient } from "@bzzz/model";
import { type FakeAnswer, FakeModelServer, type FakeRequest } from "@bzzz/model/testing";
import type { Answer, AskRequest, ExecutionIo, ExecutionJob } from "../../../types.ts";
import { ASK, job } from "../../testing.ts";
import type { ConfiguredModel } from "../choice.ts";
import { ModelExecutor, type ModelExecutorDeps, type ModelExecutorOptions } from "../executor.ts";

export const ANA = { name: "ana", role: "developer" };
/** What the model is given to do. */
export function nameTheShip(fields: Partial<ExecutionJob> = {}): ExecutionJob {
  return job({ title: "Name the ship", description: "It is small and red.", postedBy: [ANA], ...fields });
}

export function model(name: string, fields: Partial<ConfiguredModel> = {}): ConfiguredModel {
  return { name, capabilities: [], inputPrice: 0, outputPrice: 0, ...fields };
}

/** What a task sees: questions, progress and use, and who answers. */
export class Desk implements AsyncDisposable {
  readonly server: FakeModelServer;
  readonly executor: ModelExecutor;
  readonly asks: AskRequest[] = [];
  readonly steps: string[] = [];
  readonly used: { tokens: number; money: number }[] = [];
  readonly stop = new AbortController();
  /** How people answer. */
  answer: (ask: AskRequest) => Omit<Answer, "requestId"> | Promise<never> = () => ({
    decision: "answer",
    text: "Ruby",
    by: ANA,
  });
  unfit = 0;

  constructor(
    answers: readonly FakeAnswer[] | ((request: FakeRequest, n: number) => FakeAnswer | Promise<FakeAnswer>),
    options: Partial<ModelExecutorOptions> & Partial<ModelExecutorDeps> & {
      readonly api?: ModelApi;
      readonly available?: readonly ConfiguredModel[];
    } = {},
  ) {
    const { api = "openai", available = [model("tiny")], maxOutputTokens = 500, maxTurns = 6, ...deps } = options;
    const next = typeof answers === "function" ? answers : (_: FakeRequest, n: number) => answers[n] ?? { text: "…" };
    this.server = new FakeModelServer(next, api);
    const clock = { ...createSystemClock(), sleep: () => Promise.resolve() };
    const transport = { fetch: (request: Request) => fetch(request), clock, random: createSeededRandom(1) };
    this.executor = new ModelExecutor({
      client: new ModelClient(transport, { url: this.server.url, api, timeoutMs: 30_000 }),
      logger: createNullLogger(),
      models: { available, problem: available.length === 0 ? "it has none" : undefined },
      choose: (models) => Promise.resolve(models),
      self: () => ({ name: "basil", role: "writer" }),
      onModelUnfit: () => void this.unfit++,
      ...deps,
    }, { maxOutputTokens, maxTurns });
  }

  get io(): ExecutionIo {
    return {
      signal: this.stop.signal,
      progress: ({ text }) => this.steps.push(text),
      used: ({ tokens, money }) => this.used.push({ tokens, money }),
      ask: async (ask) => {
        this.asks.push(ask);
        return { requestId: ASK, ...await this.answer(ask) };
      },
      performed: () => Promise.reject(new Error("nothing is performed by a model")),
      log: () => {},
    };
  }

  run(fields: Partial<ExecutionJob> = {}): ReturnType<ModelExecutor["run"]> {
    return this.executor.run(nameTheShip(fields), this.io);
  }

  /** Everything that the n-th request told the model, as text. */
  told(n: number): string {
    return JSON.stringify(this.server.chats[n]?.body);
  }

  /** The texts of its messages, in the dialect of OpenAI. */
  messages(n: number): readonly { readonly role: string; readonly content: string }[] {
    return this.server.chats[n]?.body.messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

export const finish = (summary: string, output = ""): FakeAnswer => ({
  calls: [{ name: "finish", args: { summary, output } }],
});
export const call = (name: string, args: unknown): FakeAnswer => ({ calls: [{ name, args }] });
