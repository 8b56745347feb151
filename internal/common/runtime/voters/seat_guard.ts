import { hexEncode, once, type Random, utf8Decode, utf8Encode } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { leaveSeat, readSeat } from "@bzzz/register";
import type { Store } from "@bzzz/store";
import { z } from "zod";
import { readOwnTextIfThere, writePrivateFile } from "../home.ts";

const START_KEY = "register/start";
const START_BYTES = 16;

const markSchema = once(() => z.object({ start: z.string() }));

/** The seat is settled; the new name of this start is on its way to the disk until `named` resolves. */
export interface SeatGuard {
  readonly named: Promise<void>;
}

/**
 * Keeps a restored database from voting: it has forgotten what it promised since it was copied. Each start has a name that is
 * written into the database, with the name of the start before it, and then into a file beside it. A database that does not
 * have the name in the file is not the one that ran last; it gives up its seat, and a master makes the node a voter again.
 *
 * Until `named` resolves, nothing may be promised: it is awaited before the voter is heard or asked, and before the store is
 * closed.
 */
export async function guardSeat(
  deps: { readonly store: Pick<Store, "kv">; readonly random: Random; readonly logger: Logger },
  path: string,
): Promise<SeatGuard> {
  const { store, random, logger } = deps;
  const known = store.kv.get(START_KEY);
  const starts = known ? utf8Decode(known).split(" ") : [];
  const mark = parseMark(await readOwnTextIfThere(path));
  // the one before is in the file when a crash came between the two writes: nothing was promised after the first
  const isSame = mark ? starts.includes(mark) : starts.length === 0;
  if (!isSame && readSeat(store) !== undefined) {
    logger.error(
      "This database is not the one that ran here last: the node does not vote until a master adds it again",
    );
    leaveSeat(store);
  }
  const start = hexEncode(random.bytes(START_BYTES));
  store.kv.set(START_KEY, utf8Encode(mark === undefined ? start : `${start} ${mark}`));
  const named = writePrivateFile(path, JSON.stringify({ start }));
  named.catch(() => {}); // for whoever awaits it; a start that fails meanwhile may be the first to be told
  return { named };
}

/** The name in the file; undefined when it is not ours, or damaged: nothing is known then, and the seat is given up. */
function parseMark(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return markSchema().safeParse(JSON.parse(text), { jitless: true }).data?.start;
  } catch {
    return undefined;
  }
}
