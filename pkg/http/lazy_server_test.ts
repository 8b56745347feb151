import assert from "node:assert/strict";
import { LazyServer, type RequestServer } from "@bzzz/http";

class CountingServer implements RequestServer {
  requests = 0;
  closes = 0;

  fetch(): Promise<Response> {
    this.requests++;
    return Promise.resolve(new Response());
  }

  close(): void {
    this.closes++;
  }
}

const request = () => new Request("http://localhost/");

Deno.test("LazyServer: nothing is made before the first request, and one server for requests that come together", async () => {
  const made: CountingServer[] = [];
  const server = new LazyServer(() => {
    made.push(new CountingServer());
    return Promise.resolve(made[0] ?? assert.fail("just made"));
  });
  assert.deepEqual([made.length, server.built], [0, undefined]);

  const { fetch } = server;
  const answers = await Promise.all([1, 2, 3].map(() => fetch(request())));
  await Promise.all(answers.map((answer) => answer.body?.cancel()));

  assert.deepEqual([made.length, made[0]?.requests, server.built], [1, 3, made[0]]);
  server.close();
  assert.equal(made[0]?.closes, 1);
});

Deno.test("LazyServer: what is closed while it is made is closed once it is there", async () => {
  const inner = new CountingServer();
  const { promise, resolve } = Promise.withResolvers<CountingServer>();
  const server = new LazyServer(() => promise);
  const answer = server.fetch(request());

  server.close();
  assert.equal(inner.closes, 0);
  resolve(inner);
  await answer;

  assert.equal(inner.closes, 1);
});
