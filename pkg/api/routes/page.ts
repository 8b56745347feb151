import { z } from "@hono/zod-openapi";
import type { Page } from "../fair_page.ts";

/** A part of a list, as it is answered. */
// deno-lint-ignore explicit-module-boundary-types -- the type is the schema's, and callers infer from it
export function pageSchema<S extends z.ZodType>(item: S) {
  return z.object({
    items: z.array(item),
    next_after: z.string().optional().describe("Ask with this as `after` for more; missing: there is no more"),
    total: z.int().min(0).describe("Of the whole list"),
  });
}

/** A page by the names that the wire has. */
export function pageView<V>(
  { items, nextAfter, total }: Page<V>,
): { items: V[]; next_after?: string; total: number } {
  return { items: [...items], ...(nextAfter === undefined ? {} : { next_after: nextAfter }), total };
}
