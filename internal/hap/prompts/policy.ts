import type { ConfigIssue } from "@bzzz/config";
import { isLike } from "@bzzz/hmmm";
import { REQUEST_KINDS, REQUEST_STAKES } from "@bzzz/wire";
import { z } from "zod";
import { issueAt, readDocument } from "../forms/document.ts";

/** Rules of one policy. */
const MAX_RULES = 256;

const glob = z.string().min(1).max(2560);
const MATCH = z.strictObject({
  kind: z.enum(REQUEST_KINDS).optional(),
  action: glob.optional(),
  target: glob.optional(),
  from: glob.optional(),
  from_role: glob.optional(),
});
const RULE = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "a name of a-z, 0-9 and -").optional(),
  match: MATCH,
  do: z.enum(["ask", "allow", "deny"]).default("ask"),
  stakes: z.enum(REQUEST_STAKES).optional(),
  reason: z.string().min(1).max(1024).optional(),
  limit: z.strictObject({ per_hour: z.int().min(1).max(100_000) }).optional(),
});
const POLICY = z.strictObject({ version: z.literal(1), rules: z.array(RULE).max(MAX_RULES).default([]) });

type Stakes = (typeof REQUEST_STAKES)[number];

/** One rule, with its id: its own, or its place in the file. */
export interface PolicyRule extends z.output<typeof RULE> {
  readonly id: string;
}
/** What may be decided without a person. The first rule that matches counts; without one people are asked. */
export interface Policy {
  readonly rules: readonly PolicyRule[];
}
/** The policy of who has none. */
export const ASK_EVERYTHING: Policy = { rules: [] };

/** What a policy looks at: what a request says, and who asked it. */
export interface PolicyFacts {
  readonly kind: string;
  readonly action: string | undefined;
  readonly target: string | undefined;
  readonly from: string | undefined;
  readonly fromRole: string | undefined;
  readonly stakes: Stakes;
}

/** What a policy says to a request. `rule` is undefined when none matched. */
export interface PolicyVerdict {
  readonly do: "ask" | "allow" | "deny";
  readonly rule: string | undefined;
  readonly reason: string | undefined;
  /** Never below what the asker proposes. */
  readonly stakes: Stakes;
  readonly perHour: number | undefined;
}

/** Reads `policy.yaml`. Never throws. */
export function parsePolicy(
  text: string,
  file: string,
): { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly issues: readonly ConfigIssue[] } {
  const document = readDocument(text, file, POLICY);
  if (!document.ok) return document;
  const issues: ConfigIssue[] = [];
  const report = (path: readonly PropertyKey[], got: string, expected: string) =>
    issues.push(issueAt(document, file, path, got, expected));
  const rules = document.value.rules.map((rule, i) => ({ ...rule, id: rule.id ?? `rule-${i + 1}` }));
  rules.forEach((rule, i) => {
    const twin = rules.findIndex((other) => other.id === rule.id);
    if (twin < i) report(["rules", i], `the id "${rule.id}"`, `an id that rule ${twin + 1} does not have`);
    const { kind, action } = rule.match;
    if (rule.do === "allow" && (kind !== "approval" || action === undefined || /^[*]+$/.test(action))) {
      report(["rules", i, "match"], "a rule that allows", 'kind "approval" and an action: what is allowed is named');
    }
    if (rule.do === "deny" && rule.reason === undefined) {
      report(["rules", i], "a denial without a reason", "a reason: who asked reads it");
    }
    if (rule.do === "ask" && rule.limit) {
      report(["rules", i, "limit"], "a limit on asking", "no limit: nobody is asked less than once");
    }
  });
  return issues.length === 0 ? { ok: true, policy: { rules } } : { ok: false, issues };
}

/** What the first rule that matches says. */
export function judge(policy: Policy, facts: PolicyFacts): PolicyVerdict {
  const rule = policy.rules.find(({ match }) =>
    (match.kind ?? facts.kind) === facts.kind &&
    isLike(match.action, facts.action) &&
    isLike(match.target, facts.target) &&
    isLike(match.from, facts.from) &&
    isLike(match.from_role, facts.fromRole)
  );
  const stakes = higher(facts.stakes, rule?.stakes ?? "low");
  // high stakes are a person's, whatever a rule says
  const what = stakes === "high" && rule?.do === "allow" ? "ask" : rule?.do ?? "ask";
  return { do: what, rule: rule?.id, reason: rule?.reason, stakes, perHour: rule?.limit?.per_hour };
}

function higher(a: Stakes, b: Stakes): Stakes {
  return REQUEST_STAKES.indexOf(a) >= REQUEST_STAKES.indexOf(b) ? a : b;
}
