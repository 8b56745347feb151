import { type ApiClient, isOpenRequest, type RequestView } from "@bzzz/api";
import { CliError } from "../errors.ts";
import { EXIT, type ExitStatus } from "../exit.ts";
import type { CommandContext } from "../types.ts";

/** Deadlines pass without an entry: it is looked again after this. */
const LOOK_AGAIN_MS = 2_000;

/** What a closed request means for a script. */
export function endOf(request: RequestView): ExitStatus {
  switch (request.state) {
    case "answered":
      return EXIT.ok;
    case "declined":
      return EXIT.denied;
    case "expired":
      return EXIT.timedOut;
    default:
      return EXIT.notFound;
  }
}

/**
 * The requests once all of them are closed, in the order of `ids`. It hears of answers as they come, over breaks of the
 * line, too.
 * @throws CliError "timeout" when one is open after `timeoutMs` (undefined: no bound but `context.signal`)
 */
export async function waitUntilClosed(
  context: Pick<CommandContext, "clock" | "signal">,
  client: ApiClient,
  ids: readonly string[],
  timeoutMs: number | undefined,
): Promise<readonly RequestView[]> {
  const { clock } = context;
  const untilMs = timeoutMs === undefined ? Infinity : clock.monotonicMs() + timeoutMs;
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  let bell = Promise.withResolvers<void>();
  const listening = listen(client, signal, () => bell.resolve());
  try {
    while (true) {
      bell = Promise.withResolvers();
      const now = await Promise.all(ids.map((id) => client.request(id, { signal })));
      const open = now.filter(isOpenRequest);
      if (open.length === 0) return now;
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) {
        const names = open.map((request) => request.short_id).join(", ");
        throw new CliError(
          "timeout",
          `Cannot wait any longer: ${names} ${open.length === 1 ? "is" : "are"} still open`,
        );
      }
      await either(bell.promise, (asleep) => clock.sleep(Math.min(leftMs, LOOK_AGAIN_MS), { signal: asleep }), signal);
    }
  } finally {
    done.abort();
    await listening;
  }
}

/** Until one of them; the sleep is called off when the bell rings first. */
async function either(
  bell: Promise<void>,
  sleep: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const rung = new AbortController();
  const asleep = sleep(AbortSignal.any([signal, rung.signal])).catch(() => undefined); // called off below, or by `signal`
  await Promise.race([bell, asleep]);
  rung.abort();
  await asleep;
  signal.throwIfAborted();
}

/** Rings for every entry that may close a request. Ends with `signal`; a line that breaks for good leaves the looking. */
async function listen(client: ApiClient, signal: AbortSignal, ring: () => void): Promise<void> {
  const kind = "request_answered,request_withdrawn,request_opened";
  try {
    for await (const event of client.events({ kind }, { signal })) {
      if (event.type === "entry" || event.type === "connected") ring();
    }
  } catch {
    ring(); // aborted, or refused: `waitUntilClosed` asks the node itself and tells what is wrong
  }
}
