/**
 * Runs inside a network namespace and passes TCP on, late: what `tc netem` does, for kernels that have none. Each argument
 * is one way out, `PORT=ADDRESS:PORT`; the first is the link as JSON. Order is kept, as TCP keeps it, and what a lossy link
 * would lose comes later by a retransmission. Started by `SlowLinks`; it ends when its stdin does.
 *
 * @module
 */
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import type { SlowLink } from "./netns.ts";

/** The shortest time after which TCP sends again (RFC 6298 says 1 s, Linux 200 ms). */
const RESEND_MS = 200;
/** Pieces under way in one direction; more wait in the sender's socket. */
const MAX_UNDER_WAY = 256;

const clock = createSystemClock();
const random = createSystemRandom();
const [quality = "", ...ways] = Deno.args;
const link = JSON.parse(quality) as SlowLink;

function delayMs(): number {
  const lateMs = link.delayMs + link.jitterMs * (2 * random.float() - 1);
  return Math.max(0, lateMs) + (random.float() * 100 < link.lossPercent ? RESEND_MS + lateMs : 0);
}

/** Passes one direction on: each piece is due some time after it came, and never before the one in front of it. */
async function pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  let passed = Promise.resolve();
  let underWay = 0;
  let room = Promise.withResolvers<void>();
  for (;;) {
    const buffer = new Uint8Array(16 * 1024);
    const count = await from.read(buffer);
    if (count === null) break;
    const dueMs = clock.monotonicMs() + delayMs();
    underWay++;
    passed = passed.then(async () => {
      await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()));
      for (let rest = buffer.subarray(0, count); rest.byteLength > 0;) rest = rest.subarray(await to.write(rest));
      underWay--;
      room.resolve();
    });
    passed.catch(() => {}); // told below, when nothing is read any more
    while (underWay >= MAX_UNDER_WAY) {
      room = Promise.withResolvers();
      await Promise.race([room.promise, passed]);
    }
  }
  await passed;
  await to.closeWrite();
}

async function join(client: Deno.TcpConn, hostname: string, port: number): Promise<void> {
  using _ = client;
  await clock.sleep(delayMs());
  using server = await Deno.connect({ hostname, port });
  await Promise.all([pass(client, server), pass(server, client)]);
}

for (const way of ways) {
  const [port, hostname = "", target] = way.split(/[=:]/);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(port) });
  void (async () => {
    for await (const client of listener) {
      // a connection that breaks is what a link under test may have; the programs at its ends notice it
      join(client, hostname, Number(target)).catch(() => {});
    }
  })();
}
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit(0);
