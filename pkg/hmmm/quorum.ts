import type { BodyOf } from "@bzzz/wire";
import type { AnswerView } from "./types.ts";

type Quorum = NonNullable<BodyOf<"request_opened">["to"]["quorum"]>;

/**
 * Whether the last of these answers closes the request. `n` people must say the same; a "no" closes it as soon as the
 * others cannot be `n` any more, so that nobody waits for a vote that is lost. Free answers and the values of a form count
 * as one another: `n` of them are wanted.
 */
export function closes(quorum: Quorum | undefined, votes: readonly AnswerView[]): boolean {
  const last = votes.at(-1);
  if (!last) return false;
  const { n, of } = quorum ?? { n: 1, of: 1 };
  const alike = votes.filter((vote) => sideOf(vote) === sideOf(last)).length;
  return last.decision === "deny" ? alike > of - n : alike >= n;
}

/** What makes two answers the same one. */
function sideOf({ decision, choice, editedDigest }: AnswerView): string {
  switch (decision) {
    case "approve":
      return `approve ${editedDigest ?? ""}`;
    case "choose":
      return `choose ${choice ?? ""}`;
    case "deny":
    case "answer":
      return decision;
  }
}
