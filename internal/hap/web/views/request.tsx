import type { RequestView } from "@bzzz/api";
import { describeRequest, formFields, nameOf, sanitiseLine, type TimeFormat } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import { FormFields } from "./form.tsx";
import { Stakes, tabOf } from "./inbox.tsx";

/** Characters of the digest that a person types for a request of high stakes: proof of having looked. */
export const TYPED_DIGEST_CHARACTERS = 4;

/** What an ask wants to be allowed. */
export type Action = NonNullable<RequestView["action"]>;

/** What the person may see of the moment. */
export interface Moment {
  readonly format: TimeFormat;
  readonly nowMs: number;
}

/** What can be done about an ask from the page: those of its `allow` that the page has a form for. */
export interface RequestForms {
  readonly deny?: string;
  readonly answer?: string;
  readonly choose?: string;
  readonly snooze?: string;
  readonly escalate?: string;
  /** Of an ask of one's own. */
  readonly withdraw?: string;
  /** Of an approval that was given. */
  readonly revoke?: string;
  /** The person's key is locked: what is signed takes its passphrase. */
  readonly isLocked?: boolean;
  /** What was typed before, when a form comes back. */
  readonly typed?: URLSearchParams;
}

/** For how long an approval may be valid, and for how long an ask may be put off. */
export const SPANS = [
  { value: "hour", label: "an hour", ms: 3_600_000 },
  { value: "day", label: "a day", ms: 86_400_000 },
] as const;

/** One ask with everything that can be done about it. */
export function RequestPage({ request, at, forms, problem, said, isObserver }: {
  readonly request: RequestView;
  readonly at: Moment;
  readonly forms: RequestForms;
  readonly problem?: string | undefined;
  readonly said?: string | undefined;
  readonly isObserver: boolean;
}): Html {
  const path = `/asks/${encodeURIComponent(request.request_id)}`;
  const isOpen = !isObserver && tabOf(request.state) !== "done";
  return (
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem)}</p>}
      <p>
        <Stakes request={request} /> {request.kind} from <Said text={nameOf(request.from)} />, {request.state}
      </p>
      <Signed request={request} at={at} />
      {isOpen ? <Actions request={request} forms={forms} path={path} /> : ""}
      {isObserver || forms.revoke === undefined ? "" : <Revoke request={request} forms={forms} path={path} />}
      <p>
        <a href="/">Back to the inbox</a>
      </p>
    </>
  );
}

/** Exactly what a decision is signed for, complete. */
function Signed({ request, at }: { readonly request: RequestView; readonly at: Moment }): Html {
  return <SaidBlock label="The whole ask" text={describeRequest(request, at.format, at.nowMs).join("\n")} />;
}

function Actions({ request, forms, path }: {
  readonly request: RequestView;
  readonly forms: RequestForms;
  readonly path: string;
}): Html {
  return (
    <>
      {request.allow.includes("approve")
        ? (
          <section aria-labelledby="approve">
            <h2 id="approve">Approve</h2>
            <p>
              <a class="button" href={`${path}/approve`}>Look at it again to approve it…</a>
              {request.action && request.allow.includes("edit")
                ? <a class="button" href={`${path}/edit`}>Change it first…</a>
                : ""}
            </p>
          </section>
        )
        : ""}
      {forms.answer === undefined ? "" : (
        <section aria-labelledby="answer-title">
          <h2 id="answer-title">Answer</h2>
          <form method="post" action={`${path}/answer`}>
            <Hidden form={forms.answer} request={request} />
            {formFields(request).length > 0 ? <FormFields fields={formFields(request)} typed={forms.typed} /> : (
              <>
                <label for="text">Your answer</label>
                <textarea id="text" name="text" rows={3} required>{forms.typed?.get("text") ?? ""}</textarea>
              </>
            )}
            <Passphrase isAsked={forms.isLocked} id="answer-passphrase" />
            <button type="submit">Send the answer</button>
          </form>
          <QuickReplies request={request} decision="answer" form={forms.answer} path={path} />
        </section>
      )}
      {forms.choose === undefined ? "" : (
        <section aria-labelledby="choose-title">
          <h2 id="choose-title">Choose</h2>
          <form method="post" action={`${path}/choose`}>
            <Hidden form={forms.choose} request={request} />
            <fieldset>
              <legend>One of these</legend>
              {(request.choices ?? []).map((choice, at) => (
                <label class="choice">
                  <input type="radio" name="choice" value={String(at)} required /> <Said text={choice} />
                </label>
              ))}
            </fieldset>
            <Passphrase isAsked={forms.isLocked} id="choose-passphrase" />
            <button type="submit">Send the choice</button>
          </form>
        </section>
      )}
      {forms.deny === undefined ? "" : (
        <section aria-labelledby="deny-title">
          <h2 id="deny-title">Refuse</h2>
          <form method="post" action={`${path}/deny`}>
            <Hidden form={forms.deny} request={request} />
            <label for="reason">Why (they are told)</label>
            <textarea id="reason" name="reason" rows={2}></textarea>
            <button type="submit">Refuse</button>
          </form>
          <QuickReplies request={request} decision="deny" form={forms.deny} path={path} />
        </section>
      )}
      {forms.escalate === undefined ? "" : (
        <section aria-labelledby="escalate-title">
          <h2 id="escalate-title">Hand on</h2>
          <form method="post" action={`${path}/escalate`}>
            <Hidden form={forms.escalate} request={request} />
            <label for="whom">To (@name, role:name, or all)</label>
            <input id="whom" name="whom" value="all" autocapitalize="none" required />
            <label for="escalate-reason">Why</label>
            <textarea id="escalate-reason" name="reason" rows={2}></textarea>
            <button type="submit">Hand on</button>
          </form>
        </section>
      )}
      {forms.snooze === undefined ? "" : (
        <section aria-labelledby="snooze-title">
          <h2 id="snooze-title">Later</h2>
          <form method="post" action={`${path}/snooze`}>
            <Hidden form={forms.snooze} request={request} />
            <label for="span">Put off for</label>
            <select id="span" name="span">
              {SPANS.map(({ value, label }) => <option value={value}>{label}</option>)}
            </select>
            <button type="submit">Put off</button>
          </form>
        </section>
      )}
      {forms.withdraw === undefined ? "" : (
        <section aria-labelledby="withdraw-title">
          <h2 id="withdraw-title">Take back</h2>
          <form method="post" action={`${path}/withdraw`}>
            <Hidden form={forms.withdraw} request={request} />
            <label for="withdraw-reason">Why</label>
            <textarea id="withdraw-reason" name="reason" rows={2}></textarea>
            <button type="submit">Take it back</button>
          </form>
        </section>
      )}
    </>
  );
}

/** Takes an approval back. It takes no key. */
function Revoke({ request, forms, path }: {
  readonly request: RequestView;
  readonly forms: RequestForms;
  readonly path: string;
}): Html {
  return (
    <section aria-labelledby="revoke-title">
      <h2 id="revoke-title">Take the approval back</h2>
      <p>Agents that hear of it do not act on it any more. What was done already is not undone.</p>
      <form method="post" action={`${path}/revoke`}>
        <Hidden form={forms.revoke ?? ""} request={request} />
        <label for="revoke-reason">Why (who asked reads it)</label>
        <textarea id="revoke-reason" name="revoke-reason" rows={2}>{forms.typed?.get("revoke-reason") ?? ""}</textarea>
        <button type="submit">Take it back</button>
      </form>
    </section>
  );
}

/** Replies of the person's library, each sent as it stands. One token is for all of them: one of them is sent. */
function QuickReplies({ request, decision, form, path }: {
  readonly request: RequestView;
  readonly decision: "deny" | "answer";
  readonly form: string;
  readonly path: string;
}): Html | "" {
  const replies = request.wording?.listed?.quick_replies.filter((reply) => reply.decision === decision) ?? [];
  if (replies.length === 0 || formFields(request).length > 0) return "";
  return (
    <>
      {replies.map(({ text }) => (
        <form method="post" action={`${path}/${decision}`}>
          <Hidden form={form} request={request} />
          <input type="hidden" name={decision === "deny" ? "reason" : "text"} value={text} />
          <button type="submit">
            {decision === "deny" ? "Refuse: " : "Answer: "}
            <Said text={text} />
          </button>
        </form>
      ))}
    </>
  );
}

/** The second step of an approval. */
export function ApprovePage({ request, at, form, problem, note, edited, isLocked }: {
  readonly request: RequestView;
  readonly at: Moment;
  readonly form: string;
  readonly problem?: string | undefined;
  readonly note?: string | undefined;
  /** The action that is approved instead, and the same as the form carries it. */
  readonly edited?: { readonly action: Action; readonly packed: string } | undefined;
  /** The person's key is locked, or the stakes are high: this takes its passphrase. */
  readonly isLocked: boolean;
}): Html {
  const path = `/asks/${encodeURIComponent(request.request_id)}`;
  const tail = sanitiseLine(request.digest.slice(-TYPED_DIGEST_CHARACTERS));
  const isHigh = request.stakes === "high";
  return (
    <>
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem)}</p>}
      <p>
        <Stakes request={request} /> <Said text={nameOf(request.from)} /> may do exactly this when you approve it
        {edited ? ", with the action as you have changed it:" : ":"}
      </p>
      <Signed request={edited ? { ...request, action: edited.action } : request} at={at} />
      <form method="post" action={`${path}/approve`} autocomplete="off">
        <Hidden form={form} request={request} />
        {edited ? <input type="hidden" name="edited" value={edited.packed} /> : ""}
        <fieldset>
          <legend>Valid for</legend>
          <Scope value="once" label="this once" isChosen />
          {request.task_id === undefined ? "" : <Scope value="task" label="all of this task" />}
          {SPANS.map(({ value, label }) => <Scope value={value} label={label} />)}
        </fieldset>
        <label for="note">Note (they are told)</label>
        <textarea id="note" name="note" rows={2}>{note ?? ""}</textarea>
        {isHigh
          ? (
            <>
              <label for="tail">
                Type {tail} to approve: the end of the digest above
              </label>
              <input id="tail" name="tail" required maxlength={TYPED_DIGEST_CHARACTERS} autocapitalize="none" />
            </>
          )
          : ""}
        <Passphrase isAsked={isLocked} id="passphrase" />
        <button type="submit" class="guarded">Approve</button>
        <a class="button" href={path}>Back, nothing is sent</a>
      </form>
    </>
  );
}

function Scope({ value, label, isChosen = false }: {
  readonly value: string;
  readonly label: string;
  readonly isChosen?: boolean;
}): Html {
  return (
    <label class="choice">
      <input type="radio" name="scope" value={value} checked={isChosen} /> {label}
    </label>
  );
}

/** The passphrase goes with this one decision; the browser keeps nothing of it. */
export function Passphrase({ isAsked, id }: { readonly isAsked?: boolean | undefined; readonly id: string }): Html {
  return (
    <>
      {isAsked ? <label for={id}>Passphrase of your key</label> : ""}
      {isAsked ? <input id={id} name="passphrase" type="password" required autocomplete="off" maxlength={1024} /> : ""}
    </>
  );
}

/** What every form of a decision carries: its one-time token, and the digest of what was on the page. */
export function Hidden({ form, request }: { readonly form: string; readonly request: RequestView }): Html {
  return (
    <>
      <input type="hidden" name="form" value={form} />
      <input type="hidden" name="digest" value={request.digest} />
    </>
  );
}
