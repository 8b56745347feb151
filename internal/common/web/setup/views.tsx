import {
  lineOf,
  type NewPerson,
  type PersonSheet,
  type Question,
  sanitiseLine,
  type SetupAnswers,
  type SetupKey,
} from "@bzzz/cli";
import { PlainPage } from "../document.tsx";
import { type Html, Said } from "../words.tsx";
import type { SetupPlan, ToKeep } from "./setup_flow.ts";

/** What is wrong with a field of the page about secrets. */
export type SecretField = "token" | "shares" | "passphrase" | "own_passphrase";

function Problem({ id, text }: { readonly id?: string; readonly text: string | undefined }): Html {
  return <>{text === undefined ? "" : <p class="problem" role="alert" id={id}>{sanitiseLine(text, 1_000)}</p>}</>;
}

/** Every question in one form, with what is known filled in. */
export function AnswersPage({ home, questions, answers, token, typed, problems, problem }: {
  readonly home: string;
  readonly questions: readonly Question[];
  readonly answers: SetupAnswers;
  readonly token: string;
  /** As it was sent, when something of it cannot be used. */
  readonly typed?: URLSearchParams;
  readonly problems?: ReadonlyMap<SetupKey, string>;
  readonly problem?: string;
}): Html {
  const isWrong = problem !== undefined || (problems?.size ?? 0) > 0;
  return (
    <PlainPage title="Set this node up">
      <p>
        In <Said text={home} />. Nothing is done before you agree on the next page.
      </p>
      <Problem text={problem ?? (isWrong ? "Some of it cannot be used; what is expected stands there." : undefined)} />
      <form method="post" action="/">
        <input type="hidden" name="form" value={token} />
        {questions.map((question) => (
          <Field
            question={question}
            value={typed?.get(question.key) ?? lineOf(answers, question.key) ?? question.fallback}
            problem={problems?.get(question.key)}
          />
        ))}
        <button type="submit">Show me what will be done</button>
      </form>
    </PlainPage>
  );
}

function Field({ question, value, problem }: {
  readonly question: Question;
  readonly value: string;
  readonly problem: string | undefined;
}): Html {
  const { key, label, help, choices } = question;
  const common = {
    id: key,
    name: key,
    "aria-describedby": problem === undefined ? undefined : `${key}-problem`,
    "aria-invalid": problem === undefined ? undefined : "true",
  } as const;
  return (
    <>
      <label for={key}>
        {label}
        {help === undefined ? "" : <span class="quiet">: {help}</span>}
      </label>
      <Problem id={`${key}-problem`} text={problem} />
      {choices
        ? (
          <select {...common}>
            {Object.entries(choices).map(([answer, words]) => (
              <option value={answer} selected={answer === value}>{words}</option>
            ))}
          </select>
        )
        : (
          <input
            {...common}
            value={sanitiseLine(value, 500)}
            maxlength={500}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
          />
        )}
    </>
  );
}

/** What will be done, and the secrets it needs. */
export function PlanPage({ plan, token, problems }: {
  readonly plan: SetupPlan;
  readonly token: string;
  readonly problems: ReadonlyMap<SecretField | "plan", string>;
}): Html {
  const { actions, change, configPath, isConfigThere, needsPassphrase } = plan;
  return (
    <PlainPage title="This will be done">
      <Problem text={problems.get("plan")} />
      <ul>
        {actions.map((action) => (
          <li>
            <Said text={action} />
          </li>
        ))}
        <li>
          <Said text={configPath} /> {change.length === 0
            ? (isConfigThere ? "stays as it is." : "is written with its defaults.")
            : isConfigThere
            ? "changes:"
            : "is written, different from its defaults in:"}
        </li>
      </ul>
      {change.length === 0
        ? ""
        : (
          <pre class="diff" tabindex={0} role="region" aria-label="How the configuration changes">
          {change.map((line) => <span class={classOf(line)}>{`${sanitiseLine(line)}\n`}</span>)}
          </pre>
        )}
      <form method="post" action="/confirm">
        <input type="hidden" name="form" value={token} />
        {plan.needsToken ? <Secret name="token" label="Join token" problem={problems.get("token")} /> : ""}
        {plan.needsShares
          ? (
            <>
              <label for="shares">Recovery shares of your own key, one a line, as many as its sheet says</label>
              <Problem id="shares-problem" text={problems.get("shares")} />
              <textarea id="shares" name="shares" rows={4} autocomplete="off" spellcheck={false} required></textarea>
            </>
          )
          : ""}
        {needsPassphrase === "no" ? "" : (
          <Secret
            name="passphrase"
            label={needsPassphrase === "new" ? "New passphrase for the keys" : "Passphrase of the keys that are there"}
            isRepeated={needsPassphrase === "new"}
            problem={problems.get("passphrase")}
          />
        )}
        {plan.offersOwnPassphrase
          ? (
            <Secret
              name="own_passphrase"
              label="Passphrase of your own key, with which what you decide is signed; empty: none, and every program of this user can decide for you"
              isRepeated
              isOptional
              problem={problems.get("own_passphrase")}
            />
          )
          : ""}
        <button type="submit">Do this</button>
        <a class="button" href="/">Back to the answers</a>
      </form>
    </PlainPage>
  );
}

function classOf(line: string): string | undefined {
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : undefined;
}

function Secret({ name, label, problem, isRepeated = false, isOptional = false }: {
  readonly name: SecretField;
  readonly label: string;
  readonly problem: string | undefined;
  readonly isRepeated?: boolean;
  readonly isOptional?: boolean;
}): Html {
  const problemId = problem === undefined ? undefined : `${name}-problem`;
  const common = {
    type: "password",
    autocomplete: "off",
    required: !isOptional,
    "aria-describedby": problemId,
  } as const;
  return (
    <>
      <label for={name}>{label}</label>
      <Problem id={`${name}-problem`} text={problem} />
      <input {...common} id={name} name={name} />
      {isRepeated
        ? (
          <>
            <label for={`${name}_again`}>The same again</label>
            <input {...common} id={`${name}_again`} name={`${name}_again`} />
          </>
        )
        : ""}
    </>
  );
}

/** Whose portal was made, and what they must know of a key that protects less than it could. */
function Person({ person }: { readonly person: NewPerson | undefined }): Html {
  return (
    <>
      {person && (
        <p>
          Your key, in six words: <strong>{person.words}</strong>
        </p>
      )}
      {person && !person.is_locked && (
        <p class="problem">
          Your key has no passphrase: every program of this user can decide for you. "bzzz-hap identity passphrase"
          gives it one.
        </p>
      )}
      {person && !person.is_admitted && (
        <p class="problem">
          The inviter does not know of people yet: what you decide counts for nothing until an admin runs "verify" for
          you.
        </p>
      )}
    </>
  );
}

/** What came of trying a copy of the sheet. */
export interface SheetCheck {
  /** Undefined when it restores the key. */
  readonly problem: string | undefined;
}

/** What restores the mesh's key and the person's, until they say that they have kept it. */
export function KeepPage({ mesh, sheet, person, tokens, checked }: ToKeep & {
  readonly person: NewPerson | undefined;
  readonly tokens: { readonly finish: string; readonly check: string };
  readonly checked: SheetCheck | undefined;
}): Html {
  return (
    <PlainPage title="Keep these shares">
      <p class="notice" role="status">
        {mesh
          ? (
            <>
              Mesh <Said text={mesh.meshName} /> is created.
            </>
          )
          : "You have joined."}
      </p>
      <Person person={person} />
      {mesh && (
        <p>
          Any {mesh.threshold}{" "}
          of these recovery shares restore its root key. They exist nowhere else and are shown once: keep them apart
          from each other, not on this machine.
        </p>
      )}
      {mesh?.shares.map((share, i) => <pre tabindex={0} role="region" aria-label={`Share ${i + 1}`}>{share}</pre>)}
      {sheet && <Sheet {...{ sheet, checked, token: tokens.check }} />}
      <form method="post" action="/finish">
        <input type="hidden" name="form" value={tokens.finish} />
        <button type="submit">I have kept them</button>
      </form>
    </PlainPage>
  );
}

/** The recovery sheet of the person's key, and a form that tries a copy of it. */
function Sheet({ sheet: { shares, threshold }, token, checked }: {
  readonly sheet: PersonSheet;
  readonly token: string;
  readonly checked: SheetCheck | undefined;
}): Html {
  const numbers = Array.from({ length: threshold }, (_, i) => i + 1);
  return (
    <>
      <h2>Recovery sheet of your key</h2>
      <p>
        Any {threshold} of these {shares.length}{" "}
        shares restore your own key, here or on another machine, when this one is lost. Keep them apart, too; "bzzz-hap
        identity export" prints others.
      </p>
      {shares.map((share, i) => (
        <pre
          tabindex={0}
          role="region"
          aria-label={`Share ${i + 1} of your key`}
        >{share}</pre>
      ))}
      {checked && checked.problem === undefined && (
        <p class="notice" role="status">Your copy is right: it restores your key.</p>
      )}
      <Problem text={checked?.problem} />
      <form method="post" action="/check">
        <input type="hidden" name="form" value={token} />
        <p>Check your copy, if you like: type {threshold} shares from it.</p>
        {numbers.map((number) => (
          <>
            <label for={`share_${number}`}>Share from your copy, {number} of {threshold}</label>
            <input
              id={`share_${number}`}
              name={`share_${number}`}
              maxlength={200}
              required
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
            />
          </>
        ))}
        <button type="submit">Check my copy</button>
      </form>
    </>
  );
}

/** The end. */
export function ClosedPage({ person }: { readonly person: NewPerson | undefined }): Html {
  return (
    <PlainPage title="Set up">
      <p class="notice" role="status">It is done. You can close this page; the terminal says how it goes on.</p>
      <Person person={person} />
    </PlainPage>
  );
}
