/**
 * The page of a mesh in memory.
 *
 * @module
 */
import { ApiClient, createApi, type RequestRecord, type StatusView } from "@bzzz/api";
import { FakeMesh, TEST_WRITE_TOKEN } from "@bzzz/api/testing";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createTimeFormat } from "@bzzz/cli";
import { createNullLogger } from "@bzzz/logging";
import { UcxiClient } from "@bzzz/ucxi";
import { createTestUcxi, type TestUcxi } from "@bzzz/ucxi/testing";
import { createLibraries } from "../libraries.ts";
import { createPage } from "./app.tsx";
import { LiveUpdates } from "./live.ts";
import { Sessions } from "@bzzz/web";
import { TestBrowser } from "@bzzz/web/testing";

/** An approval that somebody asks for; `openRequest` of the mesh opens it. */
export const TEST_ASK: Partial<RequestRecord> = {
  kind: "approval",
  allow: ["approve", "deny"],
  title: "push 3 commits to main",
  body: "repo.push",
};

/** A page with everything behind it. */
export interface TestPage extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly client: ApiClient;
  readonly ucxi: TestUcxi;
  readonly sessions: Sessions;
  readonly live: LiveUpdates;
  /** What broke. */
  readonly problems: string[];
  fetch(request: Request): Promise<Response>;
  /** A browser that has logged in. */
  login(): Promise<TestBrowser>;
}

/** The node of the context server in memory. */
class BasilsMesh extends FakeMesh {
  override async status(): Promise<StatusView> {
    const status = await super.status();
    return { ...status, node: { ...status.node, agent_id: "basil", role: "developer" } };
  }
}

/** It is 2026-11-22 18:03 UTC, and ana is the person. */
export function createTestPage(options: {
  readonly isObserver?: boolean;
  readonly ucxi?: Parameters<typeof createTestUcxi>[0];
  /** Whose node it is: the same as the context server's for what goes over both. */
  readonly isBasils?: boolean;
} = {}): TestPage {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 18, 3));
  const random = createSeededRandom(7);
  const mesh = options.isBasils ? new BasilsMesh({ clock, random }) : new FakeMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
  });
  const ucxi = createTestUcxi(options.ucxi);
  const connection = { baseUrl: "http://localhost:8090", token: TEST_WRITE_TOKEN };
  const client = new ApiClient({ fetch: (request) => api.fetch(request), clock, random }, connection);
  const context = new UcxiClient({ fetch: (request) => ucxi.server.fetch(request), clock, random }, connection);
  const sessions = new Sessions({ clock, random });
  const live = new LiveUpdates({ client, clock });
  const problems: string[] = [];
  const fetch = createPage({
    client,
    context,
    clock,
    libraries: createLibraries({ templates: "/nowhere/templates", prompts: "/nowhere/prompts" }),
    format: createTimeFormat("UTC"),
    isObserver: options.isObserver ?? false,
    sessions,
    live,
    report: (problem) => problems.push(problem),
  }, { port: 8093 });
  return {
    clock,
    mesh,
    client,
    ucxi,
    sessions,
    live,
    problems,
    fetch,
    async login() {
      const browser = new TestBrowser(fetch);
      await browser.get(`/login?code=${sessions.createLink()}`);
      return browser;
    },
    async [Symbol.asyncDispose]() {
      await live.stop();
      api.close();
      await ucxi[Symbol.asyncDispose]();
    },
  };
}
