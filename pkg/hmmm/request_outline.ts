import type { AnswerView, RequestView } from "./types.ts";

/** What a list needs of a request: all of it but the long texts. */
export interface RequestOutline extends
  Omit<
    RequestView,
    "body" | "action" | "schema" | "choices" | "refs" | "wording" | "votes" | "late" | "answer" | "performed"
  > {
  readonly answer?: Pick<AnswerView, "entry" | "author" | "answeredAt" | "decision" | "scope" | "untilMs" | "auto">;
}

/** The outline alone, which holds no long text alive. */
export function outlineOf(view: RequestView): RequestOutline {
  const {
    body: _body,
    action: _action,
    schema: _schema,
    choices: _choices,
    refs: _refs,
    wording: _wording,
    votes: _votes,
    late: _late,
    answer,
    performed: _performed,
    escalations,
    revoked,
    withdrawnReason: _withdrawnReason,
    ...outline
  } = view;
  return {
    ...outline,
    escalations: escalations.map(({ by, at, to }) => ({ by, at, to })),
    ...(revoked ? { revoked: { ...revoked, reason: "" } } : {}),
    ...(answer
      ? {
        answer: {
          entry: answer.entry,
          author: answer.author,
          answeredAt: answer.answeredAt,
          decision: answer.decision,
          scope: answer.scope,
          untilMs: answer.untilMs,
          auto: answer.auto,
        },
      }
      : {}),
  };
}
