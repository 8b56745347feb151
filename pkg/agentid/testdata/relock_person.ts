// Changes the passphrase of the person in HOME and is killed at the write of the given number, 1 the first; a number past
// the last write lets it end.
import { createSystemRandom, type Random } from "@bzzz/base";
import { relockPerson } from "@bzzz/agentid";

const [home, old, next, killAt] = Deno.args;
if (home === undefined || old === undefined || next === undefined) {
  throw new TypeError("Usage: relock_person.ts HOME OLD NEXT NUMBER");
}
const system = createSystemRandom();
let writes = 0;
const random: Random = {
  ...system,
  // every write of a file takes a name of its own first
  bytes: (length) => {
    if (++writes === Number(killAt)) Deno.kill(Deno.pid, "SIGKILL");
    return system.bytes(length);
  },
};
await relockPerson(home, { random }, {
  old: { passphrase: old },
  next: next === "" ? {} : { passphrase: next, logN: 10 },
});
