/**
 * Runs inside a network namespace and forwards HTTP from a Unix socket to the loopback of that namespace: the Host header
 * of a request says which port. Started by `TestLan`; it ends when its stdin does.
 *
 * @module
 */
const [path] = Deno.args;
if (path === undefined) throw new RangeError("netns_relay.ts SOCKET");

const server = Deno.serve({ path, onListen: () => {} }, async (request) => {
  const { pathname, search } = new URL(request.url);
  const body = request.body === null ? undefined : await request.arrayBuffer();
  try {
    return await fetch(`http://${request.headers.get("host")}${pathname}${search}`, {
      method: request.method,
      headers: request.headers,
      ...(body ? { body } : {}),
      redirect: "manual",
    });
  } catch (error) {
    return new Response(String(error), { status: 502 });
  }
});
await Deno.stdin.readable.pipeTo(new WritableStream());
await server.shutdown();
