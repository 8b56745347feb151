import { badAnswer, readComment, readComments, readIssue, readIssues } from "./answer.ts";
import { MAX_COMMENT_PAGES, MAX_ISSUE_PAGES, MAX_KEPT_PAGE_BYTES, PAGE_SIZE } from "./constants.ts";
import { GitHubError } from "./errors.ts";
import { nextLink } from "./link.ts";
import { isOwnWord } from "./markers.ts";
import type { CallOptions, Transport } from "./transport.ts";
import type { Issue, IssueComment, IssueRef } from "./types.ts";

/** The labelled issues of a repository. */
export interface IssueList {
  readonly issues: readonly Issue[];
  /** Whether these are all. */
  readonly isComplete: boolean;
}

interface Page {
  /** Missing where the page is not kept. */
  readonly etag: string | undefined;
  readonly issues: readonly Issue[];
  readonly next: URL | undefined;
}

/**
 * The part of GitHub's REST API that the source needs. Lists are asked for with the ETag of the answer before, so that an
 * unchanged page costs nothing of the limit; up to `MAX_ISSUE_PAGES` of each repository are kept for that.
 */
export class GitHubClient {
  readonly #transport: Transport;
  readonly #apiUrl: string;
  /** By repository, then by address. */
  readonly #pages = new Map<string, ReadonlyMap<string, Page>>();

  constructor(transport: Transport, options: { readonly apiUrl: string }) {
    this.#transport = transport;
    this.#apiUrl = options.apiUrl;
  }

  /** Open issues with a label, the oldest first. @throws GitHubError */
  async listIssues(repository: string, label: string, options: CallOptions): Promise<IssueList> {
    const query = { labels: label, state: "open", sort: "created", direction: "asc", per_page: String(PAGE_SIZE) };
    const issues = new Map<number, Issue>();
    const pages = new Map<string, Page>();
    let url: URL | undefined = this.#url(`/repos/${repository}/issues`, query);
    while (url && pages.size < MAX_ISSUE_PAGES && !pages.has(url.href)) {
      const page: Page = await this.#issuePage(url, repository, options);
      pages.set(url.href, page);
      for (const issue of page.issues) issues.set(issue.number, issue);
      url = page.next;
    }
    this.#pages.set(repository, new Map([...pages].filter(([, page]) => page.etag !== undefined)));
    return { issues: [...issues.values()], isComplete: url === undefined };
  }

  /** @throws GitHubError */
  async issue(ref: IssueRef, options: CallOptions): Promise<Issue> {
    const what = `read issue ${nameOf(ref)}`;
    const { body } = await this.#transport.send({ method: "GET", url: this.#issueUrl(ref), what, ...options });
    return readIssue(body, ref.repository, what);
  }

  /** Those comments that the source may have written. @throws GitHubError "too_many_comments" */
  async comments(ref: IssueRef, options: CallOptions): Promise<readonly IssueComment[]> {
    const what = `read the comments of issue ${nameOf(ref)}`;
    const comments: IssueComment[] = [];
    let url: URL | undefined = this.#issueUrl(ref, "/comments", { per_page: String(PAGE_SIZE) });
    for (let pages = 0; url; pages++) {
      if (pages === MAX_COMMENT_PAGES) {
        throw new GitHubError("too_many_comments", `Cannot ${what}: there are more than ${pages * PAGE_SIZE}`);
      }
      const { body, headers } = await this.#transport.send({ method: "GET", url, what, ...options });
      comments.push(...readComments(body, what).filter(isOwnWord));
      url = this.#next(headers, what);
    }
    return comments;
  }

  /** @throws GitHubError */
  async addComment(ref: IssueRef, text: string, options: CallOptions): Promise<IssueComment> {
    const what = `comment on issue ${nameOf(ref)}`;
    const url = this.#issueUrl(ref, "/comments");
    const { body } = await this.#transport.send({ method: "POST", url, what, body: { body: text }, ...options });
    return readComment(body, what);
  }

  /** @throws GitHubError */
  async editComment(ref: IssueRef, id: number, text: string, options: CallOptions): Promise<void> {
    const url = this.#url(`/repos/${ref.repository}/issues/comments/${id}`);
    const what = `edit a comment on issue ${nameOf(ref)}`;
    await this.#transport.send({ method: "PATCH", url, what, body: { body: text }, ...options });
  }

  /** A label that the repository does not have is made by GitHub. @throws GitHubError */
  async addLabel(ref: IssueRef, label: string, options: CallOptions): Promise<void> {
    const what = `label issue ${nameOf(ref)}`;
    await this.#transport.send({
      method: "POST",
      url: this.#issueUrl(ref, "/labels"),
      what,
      body: { labels: [label] },
      ...options,
    });
  }

  /** One that is not there is no error: it was to go. @throws GitHubError */
  async removeLabel(ref: IssueRef, label: string, options: CallOptions): Promise<void> {
    const what = `take a label from issue ${nameOf(ref)}`;
    const url = this.#issueUrl(ref, `/labels/${encodeURIComponent(label)}`);
    try {
      await this.#transport.send({ method: "DELETE", url, what, ...options });
    } catch (error) {
      if (!(error instanceof GitHubError) || error.code !== "not_found") throw error;
    }
  }

  /** @throws GitHubError */
  async setOpen(ref: IssueRef, isOpen: boolean, options: CallOptions): Promise<void> {
    await this.#transport.send({
      method: "PATCH",
      url: this.#issueUrl(ref),
      what: `${isOpen ? "reopen" : "close"} issue ${nameOf(ref)}`,
      body: isOpen ? { state: "open" } : { state: "closed", state_reason: "completed" },
      ...options,
    });
  }

  async #issuePage(url: URL, repository: string, options: CallOptions): Promise<Page> {
    const what = `list the issues of ${repository}`;
    const known = this.#pages.get(repository)?.get(url.href);
    const etag = known?.etag;
    const { status, headers, body } = await this.#transport.send({
      method: "GET",
      url,
      what,
      ...(etag === undefined ? {} : { etag }),
      ...options,
    });
    if (status === 304 && known) return known;
    return {
      etag: body.byteLength <= MAX_KEPT_PAGE_BYTES ? headers.get("etag") ?? undefined : undefined,
      issues: readIssues(body, repository, what),
      next: this.#next(headers, what),
    };
  }

  /** The address of the next page, which must be the same server's: the token goes there. */
  #next(headers: Headers, what: string): URL | undefined {
    const target = nextLink(headers.get("link"));
    if (target === undefined) return undefined;
    const url = URL.parse(target, `${this.#apiUrl}/`);
    if (!url || url.origin !== new URL(this.#apiUrl).origin) {
      throw badAnswer(what, "its next page is at another server");
    }
    return url;
  }

  #issueUrl({ repository, number }: IssueRef, rest = "", query: Readonly<Record<string, string>> = {}): URL {
    return this.#url(`/repos/${repository}/issues/${number}${rest}`, query);
  }

  #url(path: string, query: Readonly<Record<string, string>> = {}): URL {
    const url = new URL(this.#apiUrl + path);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url;
  }
}

function nameOf({ repository, number }: IssueRef): string {
  return `${repository}#${number}`;
}
