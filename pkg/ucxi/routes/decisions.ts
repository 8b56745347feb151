import type { DecisionView } from "@bzzz/context";
import type { Router } from "@bzzz/http";
import { decisionPath, nameOf, parseConcrete, slugOf } from "@bzzz/ucxl";
import { answer } from "../answer.ts";
import { decisionQuerySchema, decisionsQuerySchema, proposeSchema, voteSchema } from "../inputs.ts";
import { authorView, versionView } from "../present.ts";
import type { UcxiDeps } from "../server.ts";
import type { ContextBackend } from "../server_deps.ts";
import {
  type DecisionDetailView,
  decisionDetailViewSchema,
  type DecisionItemView,
  decisionListViewSchema,
  responseOf,
} from "../views.ts";

/** Proposing, voting, and what was decided. */
export function addDecisionRoutes(router: Router, { backend, clock }: Pick<UcxiDeps, "backend" | "clock">): void {
  const { decisions } = backend;

  router.add({
    method: "get",
    path: "/decisions",
    tag: "decisions",
    summary: "Decisions in order of address",
    query: decisionsQuerySchema,
    response: responseOf(decisionListViewSchema),
  }, async ({ query, facts }) => {
    const views = await decisions.list({
      limit: query.limit,
      accepts: (view) => query.state === undefined || view.tally?.state === query.state,
    });
    const items = views.map((view) => itemView(view, backend));
    return answer(facts, { items }, { message: `${items.length} decisions` });
  });

  router.add({
    method: "get",
    path: "/decision",
    tag: "decisions",
    summary: "One decision with its votes",
    query: decisionQuerySchema,
    response: responseOf(decisionDetailViewSchema),
    errors: ["invalid_address", "wildcard_not_allowed", "not_found", "version_out_of_bounds"],
  }, async ({ query, facts }) => {
    const view = await decisions.show(parseConcrete(query.address));
    return answer(facts, await detailView(view, backend), {
      message: `It is ${view.tally?.state ?? "meant for others"}`,
    });
  });

  router.add({
    method: "post",
    path: "/decisions",
    tag: "decisions",
    summary: "Put something to the vote; its address follows from day and title",
    body: proposeSchema,
    status: 201,
    response: responseOf(decisionDetailViewSchema),
    errors: ["already_exists", "invalid_decision", "invalid_address", "invalid_audience", "journal_not_allowed"],
  }, async ({ body, facts }) => {
    const nowMs = Math.floor(clock.nowMs());
    const { agentId, role, mesh } = backend.self();
    const { task, audience, quorum, window_ms: windowMs, supersedes, ...record } = body;
    const electorate = backend.electorate(audience);
    const path = decisionPath(nowMs, slugOf(body.title));
    const address = parseConcrete(`ucxl://${agentId}:${role}@${mesh}:${nameOf(task)}/*^/${path}`);
    await decisions.publish(address, {
      v: 1,
      ...record,
      ...(supersedes === undefined ? {} : { supersedes }),
      voting: { quorum: quorum ?? Math.floor(electorate.members / 2) + 1, closes_at_ms: nowMs + windowMs },
    }, electorate.audience);
    return answer(facts, await detailView(await decisions.show(address), backend), {
      status: 201,
      message: "It is put to the vote",
    });
  });

  router.add({
    method: "post",
    path: "/decisions/vote",
    tag: "decisions",
    summary: "Vote, once a member, the last vote counts; one that a person of level decision signed closes it",
    body: voteSchema,
    response: responseOf(decisionDetailViewSchema),
    errors: [
      "not_found",
      "not_a_recipient",
      "decision_closed",
      "identity_locked",
      "not_allowed",
      "journal_not_allowed",
      "invalid_address",
    ],
  }, async ({ body, facts }) => {
    const view = await decisions.vote(parseConcrete(body.address), body.vote, {
      reason: body.reason,
      passphrase: body.passphrase,
    });
    return answer(facts, await detailView(view, backend), { message: `It is ${view.tally?.state ?? "closed"}` });
  });
}

function itemView(view: DecisionView, { authorOf }: ContextBackend): DecisionItemView {
  const { version, decision, tally, supersededBy } = view;
  if (!decision || !tally) return { version: versionView(version, authorOf) };
  const { v: _, ...record } = decision;
  return {
    version: versionView(version, authorOf),
    state: tally.state,
    ...(tally.by === undefined ? {} : { closed_by: tally.by }),
    ...(tally.boundBy === undefined ? {} : { bound_by: tally.boundBy }),
    counts: tally.counts,
    record,
    ...(supersededBy === undefined ? {} : { superseded_by: supersededBy }),
  };
}

async function detailView(view: DecisionView, backend: ContextBackend): Promise<DecisionDetailView> {
  const votes = await backend.decisions.votes(view);
  const { audience } = view.version.content ?? {};
  return {
    ...itemView(view, backend),
    ...(view.decision?.voting && audience ? { may_vote: backend.electorate(audience).members } : {}),
    votes: votes.map(({ peer, vote, isBinding, isSigned, atMs, reason }) => ({
      author: authorView(peer, backend.authorOf),
      vote,
      is_binding: isBinding,
      is_signed: isSigned,
      at_ms: atMs,
      ...(reason === undefined ? {} : { reason }),
    })),
  };
}
