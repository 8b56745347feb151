import assert from "node:assert/strict";
import { BzzzError, createSystemClock, errorMessage } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { GitHubClient } from "./client.ts";
import { RateLimit } from "./rate_limit.ts";
import { FakeGitHub, type FakeGitHubOptions } from "./testing.ts";
import { type Breaker, type CallOptions, Transport } from "./transport.ts";

const TOKEN = "ghp_secret_of_the_test";
const SHOP = "acme/shop";
const SEVEN = { repository: SHOP, number: 1 };
const LIST = `GET /repos/${SHOP}/issues`;

/** Lets everything through, for so long. */
function patientBreaker(timeoutMs: number): Breaker {
  return {
    state: "closed",
    call: async (operation, { signal }) => {
      const timeout = new AbortController();
      const timer = createSystemClock().setTimer(
        timeoutMs,
        () => timeout.abort(new BzzzError("timeout", "Cannot finish the call: it is late")),
      );
      try {
        return await operation({ signal: AbortSignal.any([timeout.signal, signal]) });
      } finally {
        timer.cancel();
      }
    },
  };
}

function connect(
  github: { readonly url: string },
  options: { readonly token?: string | undefined; readonly timeoutMs?: number; readonly isHeld?: () => boolean } = {},
) {
  const clock = { ...createSystemClock(), sleep: () => Promise.resolve() };
  const limit = new RateLimit({ clock, random: createSeededRandom(1) });
  const token = "token" in options ? options.token : TOKEN;
  const transport = new Transport({
    fetch: (request) => fetch(request),
    clock,
    limit,
    breaker: patientBreaker(options.timeoutMs ?? 30_000),
    token: () => Promise.resolve(token),
    onEvent: () => {},
  });
  const stopped = new AbortController();
  const call: CallOptions = { signal: stopped.signal, isHeld: options.isHeld ?? (() => true) };
  return { client: new GitHubClient(transport, { apiUrl: github.url }), call, limit, stop: () => stopped.abort() };
}

function start(options: FakeGitHubOptions = {}): FakeGitHub {
  return new FakeGitHub({ token: TOKEN, ...options });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    assert.ok(error instanceof BzzzError, errorMessage(error));
    assert.equal(error.message.includes(TOKEN), false);
    return error.code;
  }
}

Deno.test("A-19 all pages are read, pull requests left out, and what has not changed is not sent again", async () => {
  await using github = start({ pageSize: 2 });
  for (let i = 0; i < 5; i++) github.add(SHOP, { isPullRequest: i === 1 });
  github.add(SHOP, { labels: [] });
  const { client, call } = connect(github);

  const { issues, isComplete } = await client.listIssues(SHOP, "bzzz-task", call);
  const again = await client.listIssues(SHOP, "bzzz-task", call);

  assert.deepEqual([issues.map(({ number }) => number), isComplete], [[1, 3, 4, 5], true]);
  assert.deepEqual(again.issues, issues);
  assert.deepEqual(github.seen.map(({ status }) => status), [200, 200, 200, 304, 304, 304]);
  assert.ok(github.seen.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  github.repositories.get(SHOP)?.get(1)?.labels.pop();
  assert.deepEqual((await client.listIssues(SHOP, "bzzz-task", call)).issues.map(({ number }) => number), [3, 4, 5]);
});

Deno.test("more pages than are read are said to be more; pages in a circle end", async () => {
  await using github = start({ pageSize: 1 });
  for (let i = 0; i < 6; i++) github.add(SHOP);
  const { client, call } = connect(github);

  const cut = await client.listIssues(SHOP, "bzzz-task", call);

  assert.deepEqual([cut.issues.length, cut.isComplete], [5, false]);
  const link = `<${github.url}/repos/${SHOP}/issues?again>; rel="next"`;
  github.fault({ on: `${LIST}?again`, times: 9, answer: () => Response.json([], { headers: { link } }) });
  github.fault({ on: LIST, answer: () => Response.json([], { headers: { link } }) });
  const { seen: { length: before } } = github;
  assert.equal((await client.listIssues(SHOP, "bzzz-task", call)).isComplete, false);
  assert.equal(github.seen.length - before, 2);
});

Deno.test("every refusal has its code, and no message has the token", async () => {
  const cases: readonly (readonly [number, string])[] = [
    [301, "moved"],
    [401, "unauthorized"],
    [403, "forbidden"],
    [404, "not_found"],
    [410, "gone"],
    [422, "refused"],
    [500, "server_error"],
    [503, "server_error"],
  ];
  for (const [status, code] of cases) {
    await using github = start();
    github.add(SHOP);
    github.fault({
      on: LIST,
      answer: () => new Response(`{"message":"${TOKEN}"}`, { status, headers: { location: "/elsewhere" } }),
    });
    const { client, call } = connect(github);

    assert.equal(await codeOf(client.listIssues(SHOP, "bzzz-task", call)), code, `${status}`);
    assert.equal(github.seen.length, 1, "no redirect is followed");
  }
});

Deno.test("after a limit nothing is sent until it has passed", async () => {
  await using github = start();
  github.add(SHOP);
  github.fault({ on: LIST, answer: () => new Response("", { status: 403, headers: { "retry-after": "60" } }) });
  const { client, call, limit } = connect(github);

  assert.equal(await codeOf(client.listIssues(SHOP, "bzzz-task", call)), "rate_limited");
  assert.equal(await codeOf(client.issue(SEVEN, call)), "rate_limited");

  assert.equal(github.seen.length, 1);
  assert.ok(limit.waitMs() > 55_000);
});

Deno.test("a limit that only its message tells of is one, too", async () => {
  await using github = start();
  github.add(SHOP);
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  github.fault({ on: "POST", answer: () => Response.json({ message }, { status: 403 }) });
  github.fault({ on: "POST", answer: () => new Response("x".repeat(100_000), { status: 403 }) });
  const { client, call, limit } = connect(github);
  const other = connect(github);

  assert.equal(await codeOf(client.addComment(SEVEN, "One", call)), "rate_limited");
  assert.ok(limit.waitMs() >= 59_000);
  assert.equal(await codeOf(other.client.addComment(SEVEN, "One", other.call)), "forbidden");
});

Deno.test("what is no answer of the API is refused: HTML, another shape, too much, a page at another server", async () => {
  const big = `[${" ".repeat(17 * 1024 * 1024)}]`;
  const answers: readonly (() => Response)[] = [
    () => new Response("<html><body>Sign in</body></html>", { headers: { "content-type": "text/html" } }),
    () => Response.json({ items: [] }),
    () => Response.json([{ number: "seven" }]),
    () => new Response("[{"),
    () => new Response(big),
    () => Response.json([], { headers: { link: '<http://attacker.invalid/issues?page=2>; rel="next"' } }),
  ];
  await using github = start();
  github.add(SHOP);
  const { client, call } = connect(github);
  for (const [index, answer] of answers.entries()) {
    github.fault({ on: LIST, answer });

    assert.equal(await codeOf(client.listIssues(SHOP, "bzzz-task", call)), "bad_answer", `answer ${index}`);
  }
});

Deno.test("a body that breaks off, one that never ends, and a server that is gone", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4_096));
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n["));
  })();
  const broken = connect({ url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}` });
  assert.equal(await codeOf(broken.client.listIssues(SHOP, "bzzz-task", broken.call)), "unreachable");
  await served;

  await using github = start();
  github.add(SHOP);
  const slow = connect(github, { timeoutMs: 200 });
  github.fault({ on: LIST, answer: () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })) });
  assert.equal(await codeOf(slow.client.listIssues(SHOP, "bzzz-task", slow.call)), "timeout");

  const gone = start();
  const late = connect(gone);
  await gone[Symbol.asyncDispose]();
  assert.equal(await codeOf(late.client.issue(SEVEN, late.call)), "unreachable");
});

Deno.test("a call that is called off rejects with the reason", async () => {
  await using github = start();
  github.add(SHOP);
  const asked = Promise.withResolvers<void>();
  github.fault({
    on: LIST,
    answer: (request) => {
      asked.resolve();
      const { promise, resolve } = Promise.withResolvers<Response>();
      request.signal.addEventListener("abort", () => resolve(new Response()), { once: true });
      return promise;
    },
  });
  const { client, call, stop } = connect(github);

  const listing = client.listIssues(SHOP, "bzzz-task", call);
  await asked.promise;
  stop();

  await assert.rejects(listing, { name: "AbortError" });
});

Deno.test("what is written arrives: comments, labels with any name, closing; a label that is gone is no error", async () => {
  await using github = start();
  const issue = github.add(SHOP, { labels: ["a/b c?", "bzzz-task"] });
  const { client, call } = connect(github);

  const comment = await client.addComment(SEVEN, "One", call);
  await client.editComment(SEVEN, comment.id, "Two", call);
  await client.addLabel(SEVEN, "in progress: 50%", call);
  await client.removeLabel(SEVEN, "a/b c?", call);
  await client.removeLabel(SEVEN, "a/b c?", call);
  await client.setOpen(SEVEN, false, call);

  assert.deepEqual([comment.isTrusted, issue.comments[0]?.body], [true, "Two"]);
  assert.deepEqual([issue.labels, issue.state], [["bzzz-task", "in progress: 50%"], "closed"]);
});

Deno.test("only comments that the source may have written are kept, of all pages", async () => {
  await using github = start({ pageSize: 2 });
  const issue = github.add(SHOP);
  const mark = "Words.\n<!-- bzzz:refused 1 -->";
  for (let i = 0; i < 4; i++) github.comment(issue, "Talk.", "OWNER");
  github.comment(issue, mark, "CONTRIBUTOR");
  const bot = github.comment(issue, mark, "NONE", "Bot");
  const { client, call } = connect(github);

  assert.deepEqual((await client.comments(SEVEN, call)).map(({ id }) => id), [bot.id]);
});

Deno.test("pages of the longest texts are read, each of whose characters takes six bytes", async () => {
  await using github = start();
  const longest = "\x1b".repeat(65_536);
  const issue = github.add(SHOP);
  for (let i = 0; i < 50; i++) github.comment(issue, `${longest.slice(0, -50)}\n<!-- bzzz:refused 1 -->`, "OWNER");
  for (let i = 0; i < 50; i++) github.add(SHOP, { body: longest });
  const { client, call } = connect(github);

  assert.equal((await client.comments(SEVEN, call)).length, 50);
  assert.equal((await client.listIssues(SHOP, "bzzz-task", call)).issues.length, 51);
});

Deno.test("an issue with too many comments is refused", async () => {
  await using github = start({ pageSize: 1 });
  const issue = github.add(SHOP);
  for (let i = 0; i < 26; i++) github.comment(issue, "Talk.");
  const { client, call } = connect(github);

  assert.equal(await codeOf(client.comments(SEVEN, call)), "too_many_comments");
});

Deno.test("a node that leads no more writes nothing, and without a token nothing is sent as one", async () => {
  await using github = start();
  const issue = github.add(SHOP);
  const deposed = connect(github, { isHeld: () => false });
  const nobody = connect(github, { token: undefined });

  assert.equal(await codeOf(deposed.client.addComment(SEVEN, "One", deposed.call)), "term_over");
  assert.equal((await nobody.client.issue(SEVEN, nobody.call)).title, "Issue 1");
  assert.equal(await codeOf(nobody.client.addComment(SEVEN, "One", nobody.call)), "forbidden");

  assert.equal(issue.comments.length, 0);
  assert.deepEqual(github.seen.map(({ authorization }) => authorization), [undefined, undefined]);
});
