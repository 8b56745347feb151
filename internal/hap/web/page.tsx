/**
 * What the routes of the page share: who visits, how a page is made, and how a form is read.
 *
 * @module
 */
import type { ApiClient } from "@bzzz/api";
import type { Clock } from "@bzzz/base";
import { nameOf, type TimeFormat } from "@bzzz/cli";
import type { PersonLibraries } from "../libraries.ts";
import { ApiError } from "@bzzz/http";
import type { UcxiClient } from "@bzzz/ucxi";
import { type Html, html, readForm as readAnyForm, type Visit } from "@bzzz/web";
import { Page, type Section } from "./views/layout.tsx";
import type { Moment } from "./views/request.tsx";

/** What the pages stand on. */
export interface PageParts {
  readonly client: ApiClient;
  readonly context: UcxiClient;
  readonly clock: Clock;
  readonly format: TimeFormat;
  readonly libraries: PersonLibraries;
  /** Only looks: no page has a form, and none is taken. */
  readonly isObserver: boolean;
}

/** A part of a page, for those that are there already. */
export function part(node: Html): Response {
  return new Response(String(node), { headers: { "content-type": "text/html; charset=utf-8" } });
}

/** A whole page with its heading. */
export async function fullPage(
  visit: Visit,
  parts: PageParts,
  options: { readonly title: string; readonly section?: Section; readonly status?: number },
  content: Html,
): Promise<Response> {
  const status = await parts.client.status({ signal: visit.req.raw.signal });
  const { leader } = status.leadership;
  const heading = {
    me: status.node.agent_id,
    mesh: status.mesh.name,
    leader: leader ? nameOf(leader) : "nobody",
    waiting: status.requests.for_me,
    isObserver: parts.isObserver,
    logoutToken: visit.var.session.forms.issue("logout"),
  };
  return html(<Page title={options.title} section={options.section} heading={heading}>{content}</Page>, options.status);
}

/** How many asks wait for this person. */
export async function waitingCount(visit: Visit, { client }: PageParts): Promise<number> {
  return (await client.status({ signal: visit.req.raw.signal })).requests.for_me;
}

/** The moment a page is made at. */
export function momentOf({ format, clock }: PageParts): Moment {
  return { format, nowMs: clock.nowMs() };
}

/** What a page says of what was just done, by the name that its address has of it; undefined where it has none of these. */
export function justDone(
  visit: Visit,
  said: Readonly<Record<string, string>>,
  key: "done" | "sent" = "done",
): string | undefined {
  const name = visit.req.query(key) ?? "";
  return Object.hasOwn(said, name) ? said[name] : undefined;
}

/** Whether a part of the page is asked for, not all of it. */
export function wantsPart(visit: Visit): boolean {
  return visit.req.query("part") !== undefined;
}

/**
 * The fields of a form. @throws ApiError "unsupported_media_type", "body_too_large", "not_allowed" for who only looks
 */
export async function readForm(
  request: Request,
  { isObserver }: Pick<PageParts, "isObserver">,
): Promise<URLSearchParams> {
  if (isObserver) throw new ApiError("not_allowed", "Cannot send anything: this page was opened to look only");
  return await readAnyForm(request);
}
