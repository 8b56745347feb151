import type { PersonProof } from "@bzzz/agentid";
import type { BodyOf } from "@bzzz/wire";
import { isLike } from "./glob.ts";
import type { RequestView } from "./types.ts";

type Asked = Pick<RequestView, "kind" | "action" | "stakes">;
type Given = Pick<BodyOf<"request_answered">, "decision" | "auto">;

/**
 * Whether an answer is one that somebody acts on, so that a person must stand behind it. A "no" and the acknowledgement of a
 * notice are not: any portal may give them, its keys locked or not.
 */
export function needsPerson({ kind }: Pick<Asked, "kind">, { decision }: Pick<Given, "decision">): boolean {
  return decision !== "deny" && kind !== "notice";
}

/** Whether a person stands behind this answer: they signed it, or they let the rule approve such an action. */
export function isSignedByPerson(asked: Asked, given: Given & { readonly human?: PersonProof }): boolean {
  const { human, auto } = given;
  if (!human) return false;
  if (!auto) return human.by.type === "decision";
  // high stakes are a person's, whatever a rule says
  if (human.by.type !== "mandate" || given.decision !== "approve" || !asked.action || asked.stakes === "high") {
    return false;
  }
  const { verb, target } = asked.action;
  return human.by.rules.some((rule) =>
    rule.rule === auto.rule && isLike(rule.action, verb) && isLike(rule.target, target)
  );
}
