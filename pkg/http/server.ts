/**
 * What only a server needs, loaded with its first request: hono and the schemas are a tenth of a node's start.
 *
 * @module
 */
export { addDocumentRoute } from "./document.ts";
export { errorViewSchema } from "./error_view.ts";
export { EventStreams } from "./event_stream.ts";
export { createResponder } from "./respond.ts";
export { Router } from "./router.ts";
