import { hexEncode, once, type Random, utf8Decode, utf8Encode } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { leaveSeat, readSeat } from "@bzzz/register";
import type { Store } from "@bzzz/store";
import { z } from "zod";
import { readTextIfThere, writePrivateFile } from "../home.ts";

const START_KEY = "register/start";
const START_BYTES = 16;

const markSchema = once(() => z.object({ start: z.string(), next: z.string().optional() }));

/** The seat is settled; the new name of this start is on its way to the disk until `named` resolves. */
export interface SeatGuard {
  readonly named: Promise<void>;
}

/**
 * Keeps a restored database from voting: it has forgotten what it promised since it was copied. Each start has a name that is
 * written into the database and, first, into a file beside it. A database that names another start than the file is not the
 * one that ran last; it gives up its seat, and a master makes the node a voter again.
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
  const last = known && utf8Decode(known);
  const mark = parseMark(await readTextIfThere(path));
  const isSame = mark ? last === mark.start || (last !== undefined && last === mark.next) : last === undefined;
  if (!isSame && readSeat(store) !== undefined) {
    logger.error(
      "This database is not the one that ran here last: the node does not vote until a master adds it again",
    );
    leaveSeat(store);
  }
  const named = nameStart(store, path, { last, start: hexEncode(random.bytes(START_BYTES)) });
  named.catch(() => {}); // for whoever awaits it; a start that fails meanwhile may be the first to be told
  return { named };
}

async function nameStart(
  store: Pick<Store, "kv">,
  path: string,
  { last, start }: { readonly last: string | undefined; readonly start: string },
): Promise<void> {
  // Either name is right until the database has the new one.
  await writePrivateFile(path, JSON.stringify({ start: last ?? start, next: start }));
  store.kv.set(START_KEY, utf8Encode(start));
  await writePrivateFile(path, JSON.stringify({ start }));
}

function parseMark(text: string | undefined): z.infer<ReturnType<typeof markSchema>> | undefined {
  if (text === undefined) return undefined;
  try {
    return markSchema().safeParse(JSON.parse(text), { jitless: true }).data;
  } catch {
    return undefined; // not ours, or damaged: nothing is known, and the seat is given up
  }
}
