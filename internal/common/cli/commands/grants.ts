import type { ApiClient, RequestView } from "@bzzz/api";
import { EXIT } from "../exit.ts";
import { nameOf, shortTaskId } from "../render.ts";
import { describeAction } from "../render_request.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command, TimeFormat } from "../types.ts";
import { loadRequest, REQUEST_ARG } from "./one_request.ts";

/** As many as a node lists. */
const MAX_LISTED = 1_000;

/** The approvals that hold for longer than once, now. */
export async function standingApprovals(
  client: ApiClient,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly RequestView[]> {
  return await client.requests({ state: "standing", limit: MAX_LISTED }, { signal });
}

/** For how long an approval holds: "task X7KQ2A", "until 2026-11-22 18:03". */
export function holdsFor({ answer, task_id: taskId }: RequestView, format: TimeFormat): string {
  if (answer?.until_ms !== undefined) return `until ${format.date(answer.until_ms)}`;
  return `task ${taskId === undefined ? "?" : shortTaskId(taskId)}`;
}

/** What an approval allows, in a line. */
export function allowedBy({ action, title }: RequestView): string {
  return action ? sanitiseLine(describeAction(action)[0] ?? "", 60).trim() : sanitiseLine(title, 60);
}

const list: Command = {
  name: "grants",
  aliases: ["grants list"],
  group: "people",
  summary: "Approvals that hold for longer than once, and for how long",
  details: "Agents go on under them without asking anew, and say so in the history of the task.",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const standing = await standingApprovals(await context.client(), { signal: context.signal });
    await context.out.list(standing, {
      heading: ["ASK", "BY", "FOR", "HOLDS", "WHAT"],
      row: (request) => [
        sanitiseLine(request.short_id),
        request.answer ? nameOf(request.answer.by) : "",
        nameOf(request.from),
        holdsFor(request, context.format),
        allowedBy(request),
      ],
      empty: "No approval holds for longer than once.",
    });
    return EXIT.ok;
  },
};

const revoke: Command = {
  name: "grants revoke",
  aliases: ["revoke"],
  group: "people",
  summary: "Take an approval back: agents that hear of it do not act on it any more",
  details:
    "Of any scope, also one for once that was not carried out yet. What was done already is not undone. It takes no key.",
  args: [REQUEST_ARG, { name: "why", summary: "The reason; who asked reads it", isRest: true }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const request = await loadRequest(context);
    const reason = context.values.list("why").join(" ");
    const revoked = await (await context.client()).revokeApproval(request.request_id, { reason }, {
      signal: context.signal,
    });
    await context.out.item(revoked, () => `Took back the approval of ask ${request.short_id}`);
    return EXIT.ok;
  },
};

/** Approvals that go on holding. */
export const GRANT_COMMANDS: readonly Command[] = [list, revoke];
