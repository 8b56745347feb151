/**
 * Random and mutated input for as long as there is time: no crash, no hang, no memory that grows.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  afterThisTurn,
  concatBytes,
  createSystemClock,
  hexEncode,
  type Random,
  randomInt,
  randomPick,
} from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { IS_SLOW, note, testSeed } from "./load.ts";

/** Seconds that each target is fuzzed: `FUZZ_SECONDS=…`, a minute with `SLOW=1`, otherwise so few that every run has them. */
const FUZZ_SECONDS = Number(Deno.env.get("FUZZ_SECONDS") ?? (IS_SLOW ? 60 : 3));
/** One input may take so long, on a machine that does other things besides. */
const MAX_INPUT_MS = 5_000;
/** What is in use after a collection may grow by so much after the first inputs. */
const MAX_GROWTH_BYTES = 96 * 1024 * 1024;
/** Inputs without anything to wait for are attempted in one turn of the event loop, but not more. */
const INPUTS_IN_A_TURN = 16;
const WARM_UP_INPUTS = 200;
const MAX_INPUT_BYTES = 256 * 1024;
const TOLD_BYTES = 400;
const BOUNDARY_BYTES = [0x00, 0x01, 0x0a, 0x20, 0x2f, 0x7f, 0x80, 0x9f, 0xbf, 0xff];

/**
 * Hands mutations of `seeds`, and bytes that are no mutation of anything, to `attempt`, one after the other, and returns how
 * many. Fails with the input when an attempt throws, takes longer than 5 s or does not end; and when what is in use
 * grows by more than `maxGrowthBytes` (96 MiB). `SEED=…` begins with the same inputs again.
 */
export async function fuzz(
  what: string,
  seeds: readonly Uint8Array[],
  attempt: (input: Uint8Array<ArrayBuffer>, random: Random) => void | Promise<void>,
  { maxGrowthBytes = MAX_GROWTH_BYTES }: { readonly maxGrowthBytes?: number } = {},
): Promise<number> {
  const clock = createSystemClock();
  const seed = testSeed();
  const untilMs = clock.monotonicMs() + FUZZ_SECONDS * 1000;
  let count = 0;
  let before = bytesInUse();
  for (; clock.monotonicMs() < untilMs; count++) {
    const random = createSeededRandom(seed + count);
    const input = mutate(random, seeds);
    const startedMs = clock.monotonicMs();
    try {
      await within(clock, attempt(input, random));
      assert.ok(clock.monotonicMs() - startedMs < MAX_INPUT_MS, `it took longer than ${MAX_INPUT_MS} ms`);
    } catch (cause) {
      const bytes = hexEncode(input.subarray(0, TOLD_BYTES));
      throw new Error(`${what}: input ${count} of SEED=${seed}, ${input.byteLength} bytes: ${bytes}`, { cause });
    }
    // timers of what was attempted are due, and let go of what they hold
    if (count % INPUTS_IN_A_TURN === 0) await new Promise<void>((resolve) => afterThisTurn(resolve));
    if (count === WARM_UP_INPUTS) before = bytesInUse();
  }
  const growth = bytesInUse() - before;
  note(`${what}: ${count} inputs, SEED=${seed}, ${Math.round(growth / 1024 / 1024)} MiB more`);
  assert.ok(growth < maxGrowthBytes, `${what}: ${growth} bytes more after ${count} inputs of SEED=${seed}`);
  return count;
}

/** Bytes of objects and buffers that somebody still holds. */
function bytesInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // the flag puts it there
  collect();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

async function within(clock: ReturnType<typeof createSystemClock>, work: void | Promise<void>): Promise<void> {
  if (!work) return;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = clock.setTimer(MAX_INPUT_MS, () => reject(new Error(`it did not end within ${MAX_INPUT_MS} ms`)));
  try {
    await Promise.race([work, promise]);
  } finally {
    timer.cancel();
  }
}

/** One of `seeds` after one to four changes, or random bytes. */
export function mutate(random: Random, seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const seed = random.float() < 0.9 ? randomPick(random, seeds) : undefined;
  let bytes = seed ? new Uint8Array(seed) : random.bytes(randomInt(random, 200));
  for (let edits = 1 + randomInt(random, 4); edits > 0; edits--) bytes = edit(random, bytes, seeds);
  return bytes.subarray(0, MAX_INPUT_BYTES);
}

function edit(random: Random, bytes: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const at = randomInt(random, bytes.byteLength + 1);
  const end = Math.min(bytes.byteLength, at + 1 + randomInt(random, 16));
  const [head, part, tail] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (randomInt(random, 8)) {
    case 0: // one bit
      return concatBytes(head, Uint8Array.of((bytes[at] ?? 0) ^ (1 << randomInt(random, 8))), bytes.subarray(at + 1));
    case 1: // one byte at a boundary of something
      return concatBytes(head, Uint8Array.of(randomPick(random, BOUNDARY_BYTES) ?? 0), bytes.subarray(at + 1));
    case 2:
      return concatBytes(head, tail);
    case 3:
      return concatBytes(head, random.bytes(1 + randomInt(random, 16)), bytes.subarray(at));
    case 4:
      return concatBytes(head); // cut off
    case 5: // the head of one, the tail of another
      return concatBytes(head, (randomPick(random, seeds) ?? tail).subarray(at));
    case 6:
      return concatBytes(head, part, part, tail);
    default: // now and then very long
      return concatBytes(head, ...Array.from({ length: 2 ** randomInt(random, 13) }, () => part), tail);
  }
}
