/**
 * Who votes on claims, on the leadership and on the voters themselves, as the API tells it.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";

const count = z.int().min(0);

export const votersViewSchema = z.object({
  epoch: count.describe("Number of this set of voters; 0: none is known here yet"),
  is_changing: z.boolean().describe("A change is being carried out: the next is refused until then"),
  has_quorum: z.boolean(),
  reachable: count.describe("Voters that can be reached from this node, itself counted when it votes"),
  needed: count.describe("How many make a majority"),
  voters: z.array(z.object({
    peer_id: z.string(),
    agent_id: z.string().optional(),
    is_self: z.boolean(),
    is_reachable: z.boolean(),
  })),
}).openapi("Voters");
/** The voters of the mesh, and whether a majority of them can be reached. */
export type VotersView = z.infer<typeof votersViewSchema>;

export const addVoterSchema = z.strictObject({
  member: z.string().min(1).max(128).describe("Peer id or agent id"),
}).openapi("AddVoter");
