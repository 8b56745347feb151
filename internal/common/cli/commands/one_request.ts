import type { RequestView } from "@bzzz/api";
import { CliError, usageError } from "../errors.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { ArgSpec, CommandContext } from "../types.ts";

/** The argument that names a request. */
export const REQUEST_ARG = {
  name: "ask",
  summary: "Its id, or the short one",
  isRequired: true,
} as const satisfies ArgSpec;

/** The request that the command line names, as it stands now. */
export async function loadRequest(context: CommandContext): Promise<RequestView> {
  const client = await context.client();
  return await client.request(context.values.required("ask"), { signal: context.signal });
}

/** @throws CliError "decision_not_offered" */
export function mustOffer(request: RequestView, what: string): void {
  if (request.allow.includes(what)) return;
  const offered = request.allow.map((verb) => sanitiseLine(verb)).join(", ");
  throw new CliError(
    "decision_not_offered",
    `Cannot ${what} ask ${request.short_id}: it offers ${offered || "nothing"}`,
  );
}

/** Who is meant by "@ana", "role:reviewer" or "all". @throws CliError "usage" */
export function parseAddressee(text: string): { human?: string; role?: string } {
  if (text === "all" || text === "everyone") return {};
  if (text.startsWith("@") && text.length > 1) return { human: text.slice(1) };
  if (text.startsWith("role:") && text.length > "role:".length) return { role: text.slice("role:".length) };
  throw usageError(`Cannot ask "${text}": name a person as @ana, a role as role:reviewer, or all`);
}
