// The context server with requests that are changed anywhere: a refusal with its code, or a success, never a defect.
import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { createTestUcxi, TEST_READ_TOKEN, TEST_WRITE_TOKEN } from "@bzzz/ucxi/testing";
import { fuzz } from "../helpers/fuzz.ts";

const PLAN = "ucxl://basil:developer@shop:checkout/docs/plan.md";
const DECISION = "ucxl://basil:developer@shop:checkout/decisions/2026-11-22-queue.json";
const ADDRESS = `address=${encodeURIComponent(PLAN)}`;
const CODE = /^UCXL-\d{3}-[A-Z_]+$/;

/** Requests as text: a line with method and target, headers, an empty line, the body. */
const REQUESTS = [
  `GET /content?${ADDRESS}`,
  `GET /content?${ADDRESS}&reference=1760000000000\nif-none-match: "abc"\nrange: bytes=0-1`,
  `PUT /content?${ADDRESS}&audience=developer\ncontent-type: text/markdown\nif-match: *\n\nsome words`,
  `POST /content?${ADDRESS}\nif-none-match: *\n\nsome words`,
  `DELETE /content?${ADDRESS}\nif-match: "abc"`,
  `PUT /import?${ADDRESS}&audience=developer\n\nage-encryption.org/v1\n-> X25519 abc\n`,
  `GET /export?${ADDRESS}`,
  `GET /history?${ADDRESS}&from=1&limit=3`,
  `GET /navigate?${ADDRESS}&op=back`,
  `GET /diff?${ADDRESS}&from=~~1&to=*%5E`,
  "GET /list?pattern=ucxl%3A%2F%2Fany%3Aany%40any%3Aany%2F**&limit=2&after=abc",
  "GET /query?text=some%20words&pattern=ucxl%3A%2F%2Fany%3Aany%40shop%3Aany%2F**&type=text%2Fmarkdown&since=1h",
  `POST /announce?${ADDRESS}`,
  `GET /discover?${ADDRESS}`,
  "GET /status",
  "GET /subscribe?pattern=ucxl%3A%2F%2Fany%3Aany%40any%3Aany%2F**&after=1\nlast-event-id: 1",
  "GET /decisions?state=open&limit=2",
  `GET /decision?address=${encodeURIComponent(DECISION)}`,
  `POST /decisions\ncontent-type: application/json\n\n{"title":"Use a queue","summary":"why","citations":[{"address":"${PLAN}"}],"quorum":2,"window_ms":1000}`,
  `POST /decisions/vote\ncontent-type: application/json\n\n{"address":"${DECISION}","vote":"approve","reason":"fine"}`,
];
const METHOD = /^[A-Z]{3,7}$/;

/** What the text asks for; undefined when it is no request that HTTP could carry. */
function requestOf(text: string, token: string): Request | undefined {
  const [head = "", ...rest] = text.split("\n\n");
  const [line = "", ...fields] = head.split("\n");
  const [method = "", target = ""] = line.split(" ");
  if (!METHOD.test(method)) return undefined;
  try {
    const headers = new Headers({ authorization: `Bearer ${token}` });
    for (const field of fields) headers.append(field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 1));
    const hasBody = method !== "GET" && method !== "HEAD" && rest.length > 0;
    return new Request(`http://localhost:8082/ucxi/v1${target}`, {
      method,
      headers,
      ...(hasBody ? { body: rest.join("\n\n") } : {}),
    });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

Deno.test("fuzz: requests to the context server", async () => {
  await using test = createTestUcxi();
  await test.client.put(PLAN, utf8Encode("one\n"), { mediaType: "text/markdown" });
  const routes = new Set<string>();
  let served = 0;

  await fuzz("UCXI", REQUESTS.map(utf8Encode), async (input, random) => {
    const token = random.float() < 0.8 ? TEST_WRITE_TOKEN : TEST_READ_TOKEN;
    const request = requestOf(new TextDecoder().decode(input), token);
    if (!request) return;
    const response = await test.server.fetch(request);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
      await response.body?.cancel();
      return;
    }
    const text = await response.text();
    assert.notEqual(response.status, 500, `${request.method} ${request.url}: ${text}`);
    if (response.status < 400) {
      served++;
      routes.add(`${request.method} ${new URL(request.url).pathname}`);
    } else if (request.method !== "HEAD") {
      assert.match(JSON.parse(text).error.code, CODE, `${request.method} ${request.url}`);
    }
  });

  assert.ok(served > 20 && routes.size >= 5, `only ${served} requests got through, to ${[...routes]}`);
  assert.ok((await test.client.history(PLAN)).total > 0, "it still answers");
});
