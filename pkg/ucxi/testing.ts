/**
 * A context server in memory, over a real journal and database.
 *
 * @module
 */
import type { PeerId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { ContextSearch, DecisionDesk, type SignVote } from "@bzzz/context";
import { createTestContext, type TestContext, type TestContextOptions } from "@bzzz/context/testing";
import { createNullLogger } from "@bzzz/logging";
import { type ContentProviders, createUcxiServer, UcxiClient, type UcxiServer } from "./mod.ts";
import type { UcxiOptions } from "./server.ts";

/** Tokens of the server. */
export const TEST_WRITE_TOKEN = "write-token-for-tests-only-000";
export const TEST_READ_TOKEN = "read-token-for-tests-only-0000";

/** Says that this node alone holds what it holds, and counts what was announced. */
export class MemoryProviders implements ContentProviders {
  readonly announced: string[] = [];
  readonly #self: PeerId;

  constructor(self: PeerId) {
    this.#self = self;
  }

  announce(hash: string): Promise<number> {
    this.announced.push(hash);
    return Promise.resolve(0);
  }

  find(): Promise<readonly PeerId[]> {
    return Promise.resolve([this.#self]);
  }
}

/** A server with its client and what it stands on. */
export interface TestUcxi extends AsyncDisposable {
  readonly node: TestContext;
  readonly server: UcxiServer;
  readonly client: UcxiClient;
  readonly providers: MemoryProviders;
}

/** A server whose node is "basil", a developer, unless told; contents up to 4 KiB. All votes count as signed. */
export function createTestUcxi(
  options: TestContextOptions & { readonly server?: Partial<UcxiOptions>; readonly signVote?: SignVote } = {},
): TestUcxi {
  const node = createTestContext(options);
  const providers = new MemoryProviders(node.self);
  const deps = { clock: node.clock, random: createSeededRandom(5), logger: createNullLogger() };
  const search = new ContextSearch({
    index: node.index,
    context: node.context,
    sealer: node.sealer,
    clock: node.clock,
    logger: deps.logger,
  }, { maxTextBytes: 1_000_000 });
  const decisions = new DecisionDesk({
    context: node.context,
    index: node.index,
    journal: node.journal,
    sealer: node.sealer,
    clock: node.clock,
    grantAt: () => ({
      agentId: "basil" as never, // an agent id
      level: options.level ?? "master",
      binaryType: "hap",
      role: "developer" as never, // a role
    }),
    voterOf: () => ({ person: undefined, isSigned: true }),
    signVote: options.signVote,
  });
  decisions.start();
  const server = createUcxiServer({
    backend: {
      context: node.context,
      index: node.index,
      search,
      providers,
      authorOf: (peer) => peer === node.self ? { agentId: "basil", role: "developer" } : undefined,
      readSealedFile: (bytes) => Promise.resolve(bytes),
      decisions,
      self: () => ({ agentId: "basil", role: "developer", mesh: "shop" }),
      electorate: (audience = ["developer"]) => ({ audience, members: audience.includes("admin") ? 1 : 3 }),
    },
    ...deps,
  }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }, { token: TEST_READ_TOKEN, scope: "read" }],
    maxContentBytes: 4096,
    version: "0.1.0",
    ...options.server,
  });
  const client = new UcxiClient({ fetch: (request) => server.fetch(request), ...deps }, {
    baseUrl: "http://localhost:8082",
    token: TEST_WRITE_TOKEN,
  });
  return {
    node,
    server,
    client,
    providers,
    async [Symbol.asyncDispose]() {
      server.close();
      decisions.stop();
      await search.stop();
      await node[Symbol.asyncDispose]();
    },
  };
}
