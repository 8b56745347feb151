import type { DecisionDetailView, DecisionItemView } from "@bzzz/ucxi";
import { relativeTime } from "../render.ts";
import { sanitiseLine, sanitiseText } from "../sanitise.ts";
import type { TimeFormat } from "../types.ts";

/** "2+ 1-"; "" where the counts are for others. */
export function votesOf({ counts }: DecisionItemView): string {
  return counts ? `${counts.approve}+ ${counts.reject}-` : "";
}

/** How a vote counts: " (binding)", " (signed)" by a person, or "" where a node alone cast it. */
export function voteMark(vote: Pick<DecisionDetailView["votes"][number], "is_binding" | "is_signed">): string {
  return vote.is_binding ? " (binding)" : vote.is_signed ? " (signed)" : "";
}

/** Where it stands, and who closed it. */
export function decisionState(item: DecisionItemView): string {
  const by = item.closed_by === "binding" ? ` by ${sanitiseLine(item.bound_by ?? "a person")}` : "";
  return `${item.state ?? "sealed"}${by}`;
}

/** All of a decision, with its votes, as harmless lines. `nowMs` is wall time. */
export function describeDecision(decision: DecisionDetailView, format: TimeFormat, nowMs: number): readonly string[] {
  const { record, version, votes, counts } = decision;
  const field = (label: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${label}: ${sanitiseLine(value, 300)}`];
  if (!record) return [`Decision ${version.address}`, "It is meant for other roles."];
  const { voting } = record;
  return [
    `Decision: ${sanitiseLine(record.title)}`,
    `State: ${decisionState(decision)}`,
    ...field(
      "Votes",
      counts && `${counts.approve} approve, ${counts.reject} reject, ${counts.abstain} abstain, ${counts.defer} defer`,
    ),
    ...field(
      "Closes",
      voting && `${relativeTime(voting.closes_at_ms, nowMs)}, or with ${voting.quorum} equal votes`,
    ),
    ...field("Voters", decision.may_vote === undefined ? undefined : votersOf(decision)),
    ...field("From", version.author.agent_id),
    ...field("Type", `${record.type}, ${record.outcome}`),
    ...field("Task", record.task_id),
    ...field("Chosen", record.chosen),
    ...field("Replaces", record.supersedes),
    ...field("Replaced by", decision.superseded_by),
    ...field("Address", version.address),
    ...field("Citation", version.citation),
    ...record.citations.map((citation) => `Source: ${sanitiseLine(citation.address, 300)}`),
    ...(record.summary === "" ? [] : ["", ...sanitiseText(record.summary).split("\n").map((line) => `  ${line}`)]),
    ...(votes.length === 0 ? [] : ["", "Votes"]),
    ...votes.map((one) =>
      `  [${format.date(one.at_ms)}] ${sanitiseLine(one.author.agent_id ?? "?")} ${one.vote}${voteMark(one)}${
        one.reason === undefined ? "" : `: ${sanitiseLine(one.reason, 300)}`
      }`
    ),
  ];
}

/** Who can vote on a proposal, and whether their votes can reach its quorum. */
export function votersOf({ version, may_vote: voters = 0, record }: DecisionDetailView): string {
  const whom = `${version.audience?.join(", ") ?? "nobody"} and the roles above`;
  const can = `${voters} ${voters === 1 ? "member" : "members"} now (${whom})`;
  return voters < (record?.voting?.quorum ?? 0) ? `${can}, fewer than it needs` : can;
}
