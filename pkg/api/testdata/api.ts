// The API over a mesh in memory, called as a client would.
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { type Api, type ApiOptions, createApi } from "../mod.ts";
import { FakeMesh, TEST_READ_TOKEN, TEST_WRITE_TOKEN } from "../testing.ts";

/** How a test calls it. */
export interface CallFields {
  /** Undefined: none; the one that may write unless told. */
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly host?: string;
}

/** An API with what it stands on. */
export interface TestApi {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly api: Api;
  readonly call: (method: string, path: string, fields?: CallFields) => Promise<{
    readonly status: number;
    readonly headers: Headers;
    readonly body: Awaited<ReturnType<Response["json"]>>;
  }>;
}

/** Makes one; nothing is left to close. */
export function setUp(options: Partial<ApiOptions> = {}): TestApi {
  const clock = new ManualClock();
  const random = createSeededRandom(1);
  const mesh = new FakeMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }, { token: TEST_READ_TOKEN, scope: "read" }],
    version: "0.1.0",
    ...options,
  });
  const call: TestApi["call"] = async (method, path, init = {}) => {
    const token = "token" in init ? init.token : TEST_WRITE_TOKEN;
    const response = await api.fetch(
      new Request(`http://${init.host ?? "127.0.0.1:8080"}/api/v1${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
          ...init.headers,
        },
        ...(init.body === undefined
          ? {}
          : { body: typeof init.body === "string" ? init.body : JSON.stringify(init.body) }),
      }),
    );
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { clock, mesh, api, call };
}
