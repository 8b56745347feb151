import { hexEncode, type Random, utf8Decode, utf8Encode } from "@bzzz/base";
import type { Store } from "@bzzz/store";

const SEAT_KEY = "register/seat";
const SEAT_BYTES = 16;

/** The seat that this database's records belong to; undefined when it has none. */
export function readSeat(store: Pick<Store, "kv">): string | undefined {
  const bytes = store.kv.get(SEAT_KEY);
  return bytes && utf8Decode(bytes);
}

/** A new seat with empty records, durably, in place of what was there. */
export function takeSeat(store: Pick<Store, "kv" | "registers" | "transaction">, random: Random): string {
  const seat = hexEncode(random.bytes(SEAT_BYTES));
  store.transaction(() => {
    store.registers.clear();
    store.kv.set(SEAT_KEY, utf8Encode(seat));
  });
  return seat;
}

/** Gives the seat up: the database is not the one that made its promises. */
export function leaveSeat(store: Pick<Store, "kv">): void {
  store.kv.delete(SEAT_KEY);
}
