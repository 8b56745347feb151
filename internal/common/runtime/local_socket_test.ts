import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { openSocketFetch, SocketServer } from "./local_socket.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-sock-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function serverAt(path: string): SocketServer {
  const deps = { clock: createSystemClock(), logger: createNullLogger() };
  return new SocketServer(
    deps,
    async (request) => new Response(`${new URL(request.url).pathname} ${await request.text()}`),
    {
      path,
      beforeStop: () => {},
    },
  );
}

Deno.test("the API answers on a socket that only its user can reach, and the socket goes with the node", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run/api.sock`;
    const server = serverAt(path);
    await server.start();
    const client = openSocketFetch(path);

    const response = await client.fetch(new Request("http://localhost/api/v1/status", { method: "POST", body: "hi" }));

    assert.equal(await response.text(), "/api/v1/status hi");
    assert.equal(server.path, path);
    const modeOf = (of: string) => (Deno.statSync(of).mode ?? 0) & 0o777;
    assert.deepEqual([modeOf(`${folder}/run`), modeOf(path)], [0o700, 0o600]);
    client.close();
    await server.stop();
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    assert.equal(server.path, undefined);
  });
});

Deno.test("a socket that a killed node left behind is replaced", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run/api.sock`;
    await Deno.mkdir(`${folder}/run`);
    await Deno.writeTextFile(path, "left behind");
    const server = serverAt(path);

    await server.start();

    const client = openSocketFetch(path);
    assert.equal(await (await client.fetch(new Request("http://localhost/x"))).text(), "/x ");
    client.close();
    await server.stop();
  });
});

Deno.test("where no socket can be, the node goes without one", async () => {
  await withFolder(async (folder) => {
    const server = serverAt(`${folder}/${"long".repeat(40)}/api.sock`);
    await Deno.writeTextFile(`${folder}/run`, "a file");
    const blocked = serverAt(`${folder}/run/api.sock`);

    await server.start();
    await blocked.start();

    assert.deepEqual([server.path, blocked.path], [undefined, undefined]);
    await server.stop();
  });
});
