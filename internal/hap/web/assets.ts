/**
 * What the page serves beside its pages and their style sheet: one browser library, out of the program itself.
 *
 * @module
 */
import { createAsset } from "@bzzz/web";
import htmxSource from "htmx.org/dist/htmx.min.js" with { type: "text" };
import sseSource from "htmx-ext-sse/dist/sse.min.js" with { type: "text" };

/** The files there are. */
export const ASSETS = {
  htmx: createAsset("htmx", "js", "text/javascript", htmxSource),
  sse: createAsset("sse", "js", "text/javascript", sseSource),
} as const;
