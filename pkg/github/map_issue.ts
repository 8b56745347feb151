import type { MeshId } from "@bzzz/base";
import { MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS } from "@bzzz/wire";
import { clientIdOf, taskIdOf } from "./issue_id.ts";
import type { FieldError, Issue, IssueTaskDraft } from "./types.ts";

/** What an issue comes to. */
export type MappedIssue =
  | { readonly ok: true; readonly draft: IssueTaskDraft }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

const DEFAULT_PRIORITY = 5;
/** As the names of capabilities and roles in a configuration. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const NAME_EXPECTED = `a name of at most ${MAX_NAME_CHARACTERS} of a-z 0-9 . _ - that starts with a letter or digit`;
const MAX_CAPABILITIES = 32;
/** What a field error shows of a label. */
const MAX_SHOWN_CHARACTERS = 50;

/**
 * The task that an issue asks for, or what is wrong with it. Labels are the only part that is understood: "priority-7",
 * "type-docs" (the capability docs), "role-reviewer". Title and body are handed on as they are, as data.
 */
export function mapIssue(
  issue: Issue,
  source: { readonly mesh: MeshId; readonly apiUrl: string; readonly round: number },
): MappedIssue {
  const errors: FieldError[] = [];
  const priority = readPriority(issue.labels, errors);
  const requiredCapabilities = readCapabilities(issue.labels, errors);
  const requiredRole = readRole(issue.labels, errors);
  const title = issue.title.toWellFormed().trim();
  if (title === "") errors.push({ field: "title", found: "nothing", expected: "a title" });
  const shortTitle = shorten(title, MAX_TITLE_CHARACTERS);
  const body = issue.body.toWellFormed();
  // what is cut off the title is not lost
  const description = shortTitle === title ? body : `${title}\n\n${body}`;
  if (description.length > MAX_TEXT_CHARACTERS) {
    errors.push({
      field: "body",
      found: `${description.length} characters`,
      expected: `at most ${MAX_TEXT_CHARACTERS} characters, with a title that is cut`,
    });
  }
  if (errors.length > 0) return { ok: false, errors };
  const { repository, number } = issue;
  const clientId = clientIdOf({ repository, number, round: source.round });
  return {
    ok: true,
    draft: {
      taskId: taskIdOf(source, clientId),
      clientId,
      title: shortTitle,
      description,
      priority,
      requiredCapabilities,
      ...(requiredRole === undefined ? {} : { requiredRole }),
      input: webAddressOf(issue, source.apiUrl),
    },
  };
}

/** Where people see the issue: the API of GitHub Enterprise Server lies below its pages, that of github.com beside them. */
function webAddressOf({ repository, number }: Issue, apiUrl: string): string {
  const pages = apiUrl === "https://api.github.com" ? "https://github.com" : apiUrl.replace(/\/api\/v3$/, "");
  return `${pages}/${repository}/issues/${number}`;
}

/** What follows `prefix` in the labels that begin with it, each once. */
function valuesOf(labels: readonly string[], prefix: string): string[] {
  const values = labels.filter((label) => label.toLowerCase().startsWith(prefix))
    .map((label) => label.slice(prefix.length));
  return [...new Set(values)];
}

function readPriority(labels: readonly string[], errors: FieldError[]): number {
  const values = valuesOf(labels, "priority-");
  const [value] = values;
  if (value === undefined) return DEFAULT_PRIORITY;
  if (values.length === 1 && /^\d$/.test(value)) return Number(value);
  errors.push({
    field: "label priority-…",
    found: shown(values),
    expected: "one of 0 to 9, of which 9 is the most urgent",
  });
  return DEFAULT_PRIORITY;
}

function readCapabilities(labels: readonly string[], errors: FieldError[]): string[] {
  const values = valuesOf(labels, "type-");
  if (!values.every((value) => NAME.test(value))) {
    errors.push({ field: "label type-…", found: shown(values), expected: NAME_EXPECTED });
  } else if (values.length > MAX_CAPABILITIES) {
    errors.push({ field: "label type-…", found: `${values.length} of them`, expected: `at most ${MAX_CAPABILITIES}` });
  }
  return values.toSorted();
}

function readRole(labels: readonly string[], errors: FieldError[]): string | undefined {
  const values = valuesOf(labels, "role-");
  const [value] = values;
  if (value === undefined || (values.length === 1 && NAME.test(value))) return value;
  errors.push({ field: "label role-…", found: shown(values), expected: `one role: ${NAME_EXPECTED}` });
  return undefined;
}

function shown(values: readonly string[]): string {
  return values.slice(0, 5).map((value) => JSON.stringify(shorten(value.toWellFormed(), MAX_SHOWN_CHARACTERS)))
    .join(", ");
}

/** The beginning of a text that is too long, never with half a character. */
function shorten(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const kept = text.slice(0, maxCharacters - 1);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}
