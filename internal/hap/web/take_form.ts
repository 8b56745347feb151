import { refusalOf, USED_FORM, type Visit } from "@bzzz/web";

/** What is wrong with a form, by the id of its field: each a sentence that names the field. */
export type FieldProblems = Readonly<Record<string, string>>;

/** A form that comes back: what was typed into it, and what is wrong. */
export interface Filled {
  readonly typed?: URLSearchParams;
  readonly problems?: FieldProblems;
  /** Wrong with the whole: what the node refused. */
  readonly problem?: string;
  readonly status?: number;
}

/** What became of a form: where to go, a page, or what is wrong with its fields. */
export type Outcome = string | Response | FieldProblems;

/**
 * Takes a form once, for the purpose that its token was issued for, and does what it says. Where that cannot be done, `again` makes the
 * page with everything that was typed; nothing was changed then.
 */
export async function takeForm(
  visit: Visit,
  form: URLSearchParams,
  { purpose, again, act }: {
    readonly purpose: string;
    readonly again: (filled: Filled) => Promise<Response>;
    readonly act: (options: { readonly signal: AbortSignal }) => Promise<Outcome>;
  },
): Promise<Response> {
  if (visit.var.session.forms.take(form.get("form") ?? "", purpose) !== "fresh") {
    return await again({ typed: form, problem: USED_FORM, status: 409 });
  }
  let outcome: Outcome;
  try {
    outcome = await act({ signal: visit.req.raw.signal });
  } catch (error) {
    const { message, status } = refusalOf(error);
    return await again({ typed: form, problem: message, status });
  }
  if (outcome instanceof Response) return outcome;
  if (typeof outcome === "string") return visit.redirect(outcome, 303);
  return await again({ typed: form, problems: outcome, status: 422 });
}

/** The problems there are, or undefined: of each field what `check` says, if it says something. */
export function problemsOf(checks: Readonly<Record<string, string | undefined>>): FieldProblems | undefined {
  const found = Object.entries(checks).flatMap(([id, problem]) => problem === undefined ? [] : [[id, problem]]);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** What is wrong with the length of a text, or undefined. `name` is the label of its field. */
export function lengthProblem(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): string | undefined {
  if (text.length >= min && text.length <= max) return undefined;
  return `${name}: expected ${min} to ${max} characters, found ${text.length === 0 ? "none" : text.length}`;
}

/** What is wrong with a text that must be a whole number, or undefined; nothing typed is nothing wrong. */
export function numberProblem(
  name: string,
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max) return undefined;
  return `${name}: expected a whole number from ${min} to ${max}, found "${text.slice(0, 80)}"`;
}
