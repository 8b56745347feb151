/**
 * The shapes of the bodies: one zod schema each for the document, the server and the client. Keys are snake_case because these
 * objects are the wire form.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { DECISION_STATES } from "./constants.ts";

const count = z.int().min(0);
const address = z.string().describe("Canonical UCXL address");
const digest = z.string().regex(/^[0-9a-f]{64}$/).describe("64 hexadecimal digits");

export const authorViewSchema = z.object({
  peer_id: z.string(),
  agent_id: z.string().optional(),
  role: z.string().optional(),
}).openapi("Author");

export const versionViewSchema = z.object({
  address,
  n: z.int().min(1).describe("Number of the version, from 1; one that arrives late moves later ones"),
  total: z.int().min(1).describe("Versions there are"),
  citation: address.describe("Names this version for ever"),
  is_deleted: z.boolean().describe("The version says that the thing was deleted"),
  revision: digest.optional().describe("Names this content; the ETag"),
  size: count.optional().describe("Bytes of the content"),
  sealed_bytes: count.optional(),
  media_type: z.string().optional(),
  audience: z.array(z.string()).optional().describe("Roles it is meant for; those above read it too"),
  author: authorViewSchema,
  written_at_ms: count.describe("Milliseconds since the epoch, by the author's clock"),
  entry_id: digest.describe("The signed entry that tells of it"),
  previous_entry_id: digest.optional().describe("The version its author saw as the latest"),
  cursor: count.describe("Place in this node's journal"),
}).openapi("Version");
/** One version, without its content. */
export type VersionView = z.infer<typeof versionViewSchema>;

export const historyViewSchema = z.object({
  address,
  total: count,
  items: z.array(
    versionViewSchema.extend({ is_concurrent: z.boolean().describe("Written without knowing the version before it") }),
  ),
}).openapi("History");
/** Versions of one address, oldest first. */
export type HistoryView = z.infer<typeof historyViewSchema>;

export const navigationViewSchema = z.object({
  version: versionViewSchema,
  previous: address.optional(),
  next: address.optional(),
}).openapi("Navigation");
/** Where a step in time leads. */
export type NavigationView = z.infer<typeof navigationViewSchema>;

export const listViewSchema = z.object({
  items: z.array(versionViewSchema),
  next: address.optional().describe("Go on with this as `after`"),
}).openapi("Versions");
/** A page of the latest versions. */
export type ListView = z.infer<typeof listViewSchema>;

export const discoveryViewSchema = z.object({
  items: z.array(versionViewSchema.extend({
    providers: z.array(authorViewSchema).describe("Nodes that hold the sealed content, this one first"),
  })),
  next: address.optional(),
}).openapi("Discovery");
/** What there is and who holds it. */
export type DiscoveryView = z.infer<typeof discoveryViewSchema>;

export const announcementViewSchema = z.object({
  version: versionViewSchema,
  told: count.describe("Nodes that were told"),
}).openapi("Announcement");
/** Who was told that this node holds a content. */
export type AnnouncementView = z.infer<typeof announcementViewSchema>;

export const searchViewSchema = z.object({
  items: z.array(versionViewSchema.extend({
    snippet: z.string().describe("Words around what fits; those that fit stand between U+0002 and U+0003").optional(),
  })),
  is_complete: z.boolean().describe("Whether everything this node may read was searched"),
  seen: count,
  total: count.describe("Versions this node knows"),
  next: address.optional(),
}).openapi("SearchResult");
/** What fits a query. */
export type SearchView = z.infer<typeof searchViewSchema>;

export const diffViewSchema = z.object({
  before: versionViewSchema,
  after: versionViewSchema,
  is_equal: z.boolean(),
  lines: z.array(z.object({
    before_line: z.int().min(1),
    after_line: z.int().min(1),
    lines: z.array(z.object({ type: z.enum(["same", "removed", "added"]), text: z.string() })),
  })).optional().describe("Of text"),
  changes: z.array(z.object({
    type: z.enum(["added", "removed", "changed"]),
    path: z.string().describe("JSON Pointer"),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
  })).optional().describe("Of JSON"),
}).openapi("Difference");
/** What changed between two versions. */
export type DiffView = z.infer<typeof diffViewSchema>;

export const decisionViewSchema = z.object({
  version: versionViewSchema,
  state: z.enum(DECISION_STATES).optional().describe("Missing when it is meant for others"),
  closed_by: z.enum(["binding", "quorum", "time"]).optional(),
  bound_by: z.string().optional().describe("The person whose vote closed it"),
  counts: z.object({ approve: count, reject: count, abstain: count, defer: count }).optional(),
  record: z.object({
    type: z.string(),
    title: z.string(),
    summary: z.string(),
    rationale: z.string().optional(),
    options: z.array(z.string()),
    chosen: z.string().optional(),
    outcome: z.string(),
    task_id: z.string().optional(),
    citations: z.array(z.object({ address, quote: z.string().optional() })),
    supersedes: z.string().optional(),
    voting: z.object({ quorum: count, closes_at_ms: count }).optional(),
  }).optional(),
  superseded_by: address.optional(),
}).openapi("Decision");
/** A decision and where it stands. */
export type DecisionItemView = z.infer<typeof decisionViewSchema>;

export const decisionListViewSchema = z.object({ items: z.array(decisionViewSchema) }).openapi("Decisions");

export const decisionDetailViewSchema = decisionViewSchema.extend({
  may_vote: count.optional().describe("Members that may vote and can read it; missing when it is meant for others"),
  votes: z.array(z.object({
    author: authorViewSchema,
    vote: z.string(),
    is_binding: z.boolean(),
    is_signed: z.boolean().optional().describe(
      "Whether a person signed it; one that only their node cast does not bind",
    ),
    at_ms: count,
    reason: z.string().optional(),
  })),
}).openapi("DecisionDetail");
/** A decision with its votes. */
export type DecisionDetailView = z.infer<typeof decisionDetailViewSchema>;

export const contextStatusViewSchema = z.object({
  versions: count,
  subscribers: count,
  dropped_subscribers: count,
}).openapi("ContextStatus");
/** Counters of the server. */
export type ContextStatusView = z.infer<typeof contextStatusViewSchema>;

/** The envelope of every JSON answer that is no refusal. */
export function responseOf<S extends z.ZodType>(data: S): z.ZodObject<{ response: z.ZodObject<ResponseShape<S>> }> {
  return z.object({
    response: z.object({
      code: z.string().describe("UCXL-<status>-<NAME>"),
      message: z.string(),
      data,
      details: z.record(z.string(), z.unknown()),
      request_id: z.string(),
      timestamp: z.string(),
    }),
  });
}

type ResponseShape<S extends z.ZodType> = {
  readonly code: z.ZodString;
  readonly message: z.ZodString;
  readonly data: S;
  readonly details: z.ZodRecord<z.ZodString, z.ZodUnknown>;
  readonly request_id: z.ZodString;
  readonly timestamp: z.ZodString;
};
