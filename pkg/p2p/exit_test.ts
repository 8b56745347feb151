import { strict as assert } from "node:assert";

/** A program that starts a node, stops it and has nothing more to do. */
const PROGRAM = `
  import { LoopbackMesh } from "@bzzz/p2p/testing";
  await using mesh = new LoopbackMesh();
  await mesh.addConnected(2);
`;

Deno.test("a program ends by itself after its nodes have stopped", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net", "--allow-sys", "--allow-env", "--allow-read", "-"],
    cwd: new URL("../..", import.meta.url).pathname,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(10_000),
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(PROGRAM));
  await writer.close();

  const { code, signal, stderr } = await child.output();

  assert.equal(signal, null, "killed: the event loop was kept alive");
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});
