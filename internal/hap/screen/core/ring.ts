/** Items of one piece; appending copies one piece and the list of pieces, never everything. */
const PIECE = 64;

/** A list that grows at its end and forgets at its beginning. Values are never changed: every step gives a new one. */
export interface Ring<T> {
  readonly pieces: readonly (readonly T[])[];
  readonly length: number;
  /** Items that were ever appended; the last one has the number `total - 1`. */
  readonly total: number;
}

/** A ring with nothing in it. */
export function emptyRing<T>(): Ring<T> {
  return { pieces: [], length: 0, total: 0 };
}

/** The ring with one more; at least `capacity` of the newest stay, and fewer than `capacity + 64`. */
export function append<T>(ring: Ring<T>, item: T, capacity: number): Ring<T> {
  const last = ring.pieces.at(-1);
  const isFull = !last || last.length >= PIECE;
  let pieces = isFull ? [...ring.pieces, [item]] : [...ring.pieces.slice(0, -1), [...last, item]];
  let length = ring.length + 1;
  const first = pieces[0];
  if (first && length - first.length >= capacity) {
    pieces = pieces.slice(1);
    length -= first.length;
  }
  return { pieces, length, total: ring.total + 1 };
}

/** The item with that number; undefined when it was forgotten or never was. */
export function itemAt<T>(ring: Ring<T>, number: number): T | undefined {
  let index = number - (ring.total - ring.length);
  if (index < 0 || number >= ring.total) return undefined;
  // Only the first and the last piece can be short, and the first one never is once there are two.
  for (const piece of ring.pieces) {
    if (index < piece.length) return piece[index];
    index -= piece.length;
  }
  return undefined;
}
