/**
 * What many shapes of the API are made of.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";

/** How many. */
export const count = z.int().min(0);
/** A moment. */
export const atMs = z.int().min(0).describe("Milliseconds since the epoch");
/** Which node. */
export const peerId = z.string().describe("libp2p identity of a node, base58");
/** Who. */
export const agentId = z.string().describe("Name of an agent or person in the mesh");

/** What kind of program a node is. */
export const binaryTypeSchema = z.enum(["agent", "hap"]);

/** The node an entry, task or request came from; the names are missing when its grant is not known. */
export const authorViewSchema = z.object({
  peer_id: peerId,
  agent_id: agentId.optional(),
  role: z.string().optional(),
}).openapi("Author");
/** Who wrote something. */
export type AuthorView = z.infer<typeof authorViewSchema>;
