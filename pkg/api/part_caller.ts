import type { HttpCaller } from "@bzzz/http";
import type { z } from "zod";

/** Calls of one part of `ApiClient`; what its answers are checked with is loaded at the first of them. */
export class PartCaller<Views> {
  readonly #caller: Pick<HttpCaller, "call">;
  readonly #load: () => Promise<Views>;

  constructor(caller: Pick<HttpCaller, "call">, load: () => Promise<Views>) {
    this.#caller = caller;
    this.#load = load;
  }

  /** @throws ApiError as `HttpCaller.call` */
  async call<S extends z.ZodType>(
    method: string,
    route: string,
    pick: (views: Views) => S,
    options: Parameters<HttpCaller["call"]>[3],
  ): Promise<z.output<S>> {
    return await this.#caller.call(method, route, async () => pick(await this.#load()), options);
  }
}
