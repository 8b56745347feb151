/**
 * What one person does with the asks of an agent, as data: every way to work with the portal runs it.
 *
 * @module
 */

/** One thing that happens, or that the person does. */
export type Step =
  /** The agent asks while it works. */
  | { readonly type: "asked"; readonly title: string; readonly body: string }
  /** The agent asks for an approval of high stakes. */
  | { readonly type: "wants_to"; readonly title: string; readonly verb: string }
  /** Somebody objects to a plan, so the agent asks whether it may go on all the same. */
  | { readonly type: "objected"; readonly task: string; readonly why: string }
  /** The person finds the ask where asks are. */
  | { readonly type: "sees"; readonly title: string }
  | { readonly type: "answers"; readonly title: string; readonly text: string }
  | { readonly type: "approves"; readonly title: string }
  | { readonly type: "denies"; readonly title: string; readonly reason: string }
  /** What the agent has of it, by its own node. */
  | { readonly type: "agent_has"; readonly title: string; readonly decision: string; readonly words: string };

const APPROVED = "Objection to the plan of: dig a trench";
const DENIED = "Objection to the plan of: dig a moat";

/** The scenario. */
export const PERSON_DECIDES: readonly Step[] = [
  { type: "asked", title: "How deep?", body: "In metres." },
  { type: "sees", title: "How deep?" },
  { type: "answers", title: "How deep?", text: "two metres" },
  { type: "agent_has", title: "How deep?", decision: "answer", words: "two metres" },
  { type: "objected", task: "dig a trench", why: "through the garden" },
  { type: "sees", title: APPROVED },
  { type: "approves", title: APPROVED },
  { type: "agent_has", title: APPROVED, decision: "approve", words: "" },
  { type: "wants_to", title: "push 3 commits to main", verb: "repo.push" },
  { type: "sees", title: "push 3 commits to main" },
  { type: "approves", title: "push 3 commits to main" },
  { type: "agent_has", title: "push 3 commits to main", decision: "approve", words: "" },
  { type: "objected", task: "dig a moat", why: "no water" },
  { type: "sees", title: DENIED },
  { type: "denies", title: DENIED, reason: "dig it in spring" },
  { type: "agent_has", title: DENIED, decision: "deny", words: "dig it in spring" },
];
