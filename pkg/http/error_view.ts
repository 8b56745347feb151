import { z } from "@hono/zod-openapi";

export const errorViewSchema = z.object({
  error: z.object({
    code: z.string().describe("UCXL-<status>-<NAME>"),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    source: z.string().optional().describe("The server that refused"),
    path: z.string().optional(),
    request_id: z.string(),
    timestamp: z.string(),
  }),
}).openapi("Error");
/** The body of every refusal. */
export type ErrorView = z.infer<typeof errorViewSchema>;
