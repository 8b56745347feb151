import { type CallOptions, type HttpCaller, path } from "@bzzz/http";
import { z } from "zod";
import { PartCaller } from "./part_caller.ts";
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
  readonly #part: PartCaller<Views>;

  constructor(caller: Pick<HttpCaller, "call">) {
    this.#part = new PartCaller<Views>(caller, () => import("./slurp_views.ts"));
  }

  status(options: CallOptions = {}): Promise<SlurpStatusView> {
    return this.#part.call("GET", "/slurp", (views) => views.slurpStatusViewSchema, options);
  }

  context(query: z.input<typeof slurpContextQuerySchema>, options: CallOptions = {}): Promise<SlurpContextView> {
    return this.#part.call("GET", "/slurp/context", (views) => views.slurpContextViewSchema, { ...options, query });
  }

  graph(query: z.input<typeof slurpGraphQuerySchema>, options: CallOptions = {}): Promise<SlurpGraphView> {
    return this.#part.call("GET", "/slurp/graph", (views) => views.slurpGraphViewSchema, { ...options, query });
  }

  alignment(address: string, options: CallOptions = {}): Promise<SlurpAlignmentView> {
    const query = { address };
    return this.#part.call("GET", "/slurp/alignment", (views) => views.slurpAlignmentViewSchema, { ...options, query });
  }

  async deadLetters(options: CallOptions = {}): Promise<readonly DeadLetterView[]> {
    const pick = (views: Views) => z.object({ items: z.array(views.deadLetterViewSchema) });
    return (await this.#part.call("GET", "/slurp/dead-letters", pick, options)).items;
  }

  deadLetter(id: string, options: CallOptions = {}): Promise<DeadLetterView> {
    return this.#part.call("GET", path`/slurp/dead-letters/${id}`, (views) => views.deadLetterViewSchema, options);
  }

  replay(id: string | undefined, options: CallOptions = {}): Promise<ReplayView> {
    const body = id === undefined ? {} : { id };
    return this.#part.call("POST", "/slurp/dead-letters/replay", (views) => views.replayViewSchema, {
      ...options,
      body,
    });
  }
}
