// Whoever can open connections to a port, without a token, must not be able to end the node.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

/** How many files and connections the node may have open at once; it has about 40 of its own. */
const MAX_OPEN = 128;

/** Opens connections until no more are taken. */
async function useUp(port: number): Promise<Disposable & { readonly count: number }> {
  const open: Deno.Conn[] = [];
  try {
    while (open.length < 2 * MAX_OPEN) open.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  } catch (error) {
    assert.ok(error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset);
  }
  return { count: open.length, [Symbol.dispose]: () => open.forEach((connection) => connection.close()) };
}

async function limitOpenFiles(pid: number): Promise<boolean> {
  const args = [`--nofile=${MAX_OPEN}:${MAX_OPEN}`, `--pid=${pid}`];
  try {
    return (await new Deno.Command("prlimit", { args, stdin: "null", stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false; // no such program here
  }
}

Deno.test("connections until no more can be opened end no node: it answers again when they are gone", async () => {
  await using mesh = await TestMesh.create("hub");
  const node = mesh.node("hub");
  if (!await limitOpenFiles(node.endpoints.pid)) return note("connections used up: skipped, there is no prlimit");

  const isAnswering = async (url: string) => {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    await response?.body?.cancel();
    return response !== undefined;
  };
  for (const url of [node.endpoints.health_url, node.endpoints.api_url, node.endpoints.ucxi_url]) {
    {
      using taken = await useUp(Number(new URL(url).port));
      assert.ok(taken.count > MAX_OPEN / 4, `${taken.count} connections to ${url}`);
    }
    await waitFor(() => isAnswering(url), { timeoutMs: PATIENCE_MS, what: `${url} answers again` });
  }

  const api = await node.api();
  const post = () => api.postMessage({ topic: "coordination", text: "still here" }).catch(() => undefined);
  await waitFor(post, { timeoutMs: PATIENCE_MS, what: "the API takes a message again" });
  assert.equal((await node.stop()).code, 0);
});
