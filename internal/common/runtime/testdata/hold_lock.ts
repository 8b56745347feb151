// Takes the lock of the data directory in the first argument, says so, and holds it until it is killed.
import { createSystemClock } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { acquireInstanceLock } from "../collision.ts";

const [home] = Deno.args;
if (home === undefined) throw new TypeError("Usage: hold_lock.ts HOME");
const clock = createSystemClock();
using lock = await acquireInstanceLock({ clock, logger: createNullLogger() }, home, {
  agentId: "held-agent",
  binaryType: "agent",
});
await Deno.stdout.write(new TextEncoder().encode(`${lock.path}\n`));
await clock.sleep(60_000);
