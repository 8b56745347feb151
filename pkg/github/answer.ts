import { once, utf8Decode } from "@bzzz/base";
import { z } from "zod";
import { GitHubError } from "./errors.ts";
import type { Issue, IssueComment } from "./types.ts";

/** Longest of what GitHub has a bound for; more is no answer of GitHub's. */
const MAX_TITLE_CHARACTERS = 1_024;
const MAX_BODY_CHARACTERS = 1_048_576;
const MAX_LABELS = 1_000;

const issueSchema = once(() =>
  z.object({
    number: z.int().min(1).max(999_999_999_999_999),
    title: z.string().max(MAX_TITLE_CHARACTERS),
    body: z.string().max(MAX_BODY_CHARACTERS).nullish(),
    state: z.enum(["open", "closed"]),
    labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])).max(MAX_LABELS),
    comments: z.int().min(0),
    pull_request: z.unknown().optional(),
  })
);

const commentSchema = once(() =>
  z.object({
    id: z.int().min(1),
    body: z.string().max(MAX_BODY_CHARACTERS).nullish(),
    author_association: z.string(),
    user: z.object({ type: z.string() }).nullish(),
  })
);

/** Who may write to a repository ("CommentAuthorAssociation"); an app's account has none of these and is a "Bot". */
const WRITERS: ReadonlySet<string> = new Set(["OWNER", "MEMBER", "COLLABORATOR"]);

/** One page of a list of issues; pull requests, which GitHub counts among them, left out. @throws GitHubError "bad_answer" */
export function readIssues(body: Uint8Array, repository: string, what: string): readonly Issue[] {
  return check(z.array(issueSchema()), body, what)
    .filter((issue) => issue.pull_request === undefined || issue.pull_request === null)
    .map((issue) => issueOf(issue, repository));
}

/** @throws GitHubError "bad_answer" */
export function readIssue(body: Uint8Array, repository: string, what: string): Issue {
  return issueOf(check(issueSchema(), body, what), repository);
}

/** @throws GitHubError "bad_answer" */
export function readComments(body: Uint8Array, what: string): readonly IssueComment[] {
  return check(z.array(commentSchema()), body, what).map(commentOf);
}

/** @throws GitHubError "bad_answer" */
export function readComment(body: Uint8Array, what: string): IssueComment {
  return commentOf(check(commentSchema(), body, what));
}

function issueOf(issue: z.output<ReturnType<typeof issueSchema>>, repository: string): Issue {
  return {
    repository,
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    isOpen: issue.state === "open",
    labels: issue.labels.flatMap((label) => (typeof label === "string" ? label : label.name) ?? []),
    comments: issue.comments,
  };
}

function commentOf(comment: z.output<ReturnType<typeof commentSchema>>): IssueComment {
  return {
    id: comment.id,
    body: comment.body ?? "",
    isTrusted: WRITERS.has(comment.author_association) || comment.user?.type === "Bot",
  };
}

function check<S extends z.ZodType>(schema: S, body: Uint8Array, what: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(utf8Decode(body));
  } catch {
    // without the cause: its message quotes what came
    throw badAnswer(what, "it is no JSON; is tasks.github.api_url the address of an API?");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join(".") ?? "";
  throw badAnswer(what, `"${path}" is not as the API promises`);
}

/** An answer that is none. */
export function badAnswer(what: string, why: string): GitHubError {
  return new GitHubError("bad_answer", `Cannot ${what}: GitHub's answer cannot be used: ${why}`, { details: { what } });
}

/** The whole body, at most `maxBytes`. @throws GitHubError "bad_answer"; what reading rejects with */
export async function readBody(response: Response, maxBytes: number, what: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) throw badAnswer(what, `it has more than ${maxBytes} bytes`); // leaving the loop cancels the body
    parts.push(part);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  return body;
}
