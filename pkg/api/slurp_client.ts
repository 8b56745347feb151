import { type CallOptions, type HttpCaller, path } from "@bzzz/http";
import { z } from "zod";
import type {
  DeadLetterView,
  ReplayView,
  SlurpAlignmentView,
  slurpContextQuerySchema,
  SlurpContextView,
  slurpGraphQuerySchema,
  SlurpGraphView,
  SlurpStatusView,
} from "./slurp_views.ts";

type Views = typeof import("./slurp_views.ts");

/** Derived context of a node; see `ApiClient`, of which it is a part. */
export class SlurpClient {
  readonly #caller: Pick<HttpCaller, "call">;

  constructor(caller: Pick<HttpCaller, "call">) {
    this.#caller = caller;
  }

  status(options: CallOptions = {}): Promise<SlurpStatusView> {
    return this.#call("GET", "/slurp", (views) => views.slurpStatusViewSchema, options);
  }

  context(query: z.input<typeof slurpContextQuerySchema>, options: CallOptions = {}): Promise<SlurpContextView> {
    return this.#call("GET", "/slurp/context", (views) => views.slurpContextViewSchema, { ...options, query });
  }

  graph(query: z.input<typeof slurpGraphQuerySchema>, options: CallOptions = {}): Promise<SlurpGraphView> {
    return this.#call("GET", "/slurp/graph", (views) => views.slurpGraphViewSchema, { ...options, query });
  }

  alignment(address: string, options: CallOptions = {}): Promise<SlurpAlignmentView> {
    const query = { address };
    return this.#call("GET", "/slurp/alignment", (views) => views.slurpAlignmentViewSchema, { ...options, query });
  }

  async deadLetters(options: CallOptions = {}): Promise<readonly DeadLetterView[]> {
    const pick = (views: Views) => z.object({ items: z.array(views.deadLetterViewSchema) });
    return (await this.#call("GET", "/slurp/dead-letters", pick, options)).items;
  }

  deadLetter(id: string, options: CallOptions = {}): Promise<DeadLetterView> {
    return this.#call("GET", path`/slurp/dead-letters/${id}`, (views) => views.deadLetterViewSchema, options);
  }

  replay(id: string | undefined, options: CallOptions = {}): Promise<ReplayView> {
    const body = id === undefined ? {} : { id };
    return this.#call("POST", "/slurp/dead-letters/replay", (views) => views.replayViewSchema, { ...options, body });
  }

  async #call<S extends z.ZodType>(
    method: string,
    route: string,
    pick: (views: Views) => S,
    options: Parameters<HttpCaller["call"]>[3],
  ): Promise<z.output<S>> {
    return await this.#caller.call(method, route, async () => pick(await import("./slurp_views.ts")), options);
  }
}
