/** Characters of JSON in one answer, but for a single item that has more: as the entries of an answer. */
const MAX_PAGE_CHARACTERS = 4 * 1024 * 1024;

/** Where an item stands in a list. */
export interface ListedItem {
  /** Whose it is: nobody's come first because there are many of them. */
  readonly owner: string;
  readonly atMs: number;
  /** Parts what came in the same millisecond. */
  readonly counter: number;
  readonly id: string;
}

/** A part of a list. */
export interface Page<V> {
  readonly items: readonly V[];
  /** Ask with this as `after` for the next part; missing: there is none. */
  readonly nextAfter?: string;
  /** Of the whole list. */
  readonly total: number;
}

/** Which part of a list. */
export interface PageOptions<T, V> {
  readonly placeOf: (item: T) => ListedItem;
  /** Which of an owner's come first. A page is in this order, too. */
  readonly first: "oldest" | "newest";
  readonly limit: number;
  /** As `nextAfter` of the page before; what is none is taken for the beginning. */
  readonly after?: string | undefined;
  /** Made only of what is on the page. */
  readonly view: (item: T) => V;
}

interface Placed<T> extends ListedItem {
  readonly item: T;
  /** How many of the same owner come before it. */
  readonly round: number;
}

/**
 * As much of a list as one answer has, `limit` items and 4 MiB of JSON, taken in rounds: of each owner the first, then of
 * each the second. Whoever fills the list puts off nobody's first items but its own. Pure but for `view`. Of a list that changes
 * between two pages items may come twice or be left out; the list that is read anew has them.
 */
export function fairPage<T, V>(items: Iterable<T>, options: PageOptions<T, V>): Page<V> {
  const sign = options.first === "oldest" ? 1 : -1;
  const byTime = (a: ListedItem, b: ListedItem) =>
    sign * (a.atMs - b.atMs || a.counter - b.counter || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const inRounds = placed(items, options.placeOf, byTime).sort((a, b) => a.round - b.round || byTime(a, b));
  const begun = decodePlace(options.after);
  const from = begun ? inRounds.findIndex((one) => (one.round - begun.round || byTime(one, begun)) > 0) : 0;
  const rest = from < 0 ? [] : inRounds.slice(from);
  const shown: { readonly place: Placed<T>; readonly view: V }[] = [];
  let characters = 0;
  for (const place of rest.slice(0, options.limit)) {
    const view = options.view(place.item);
    characters += JSON.stringify(view).length;
    if (shown.length > 0 && characters > MAX_PAGE_CHARACTERS) break;
    shown.push({ place, view });
  }
  const last = shown.at(-1)?.place;
  return {
    items: shown.toSorted((a, b) => byTime(a.place, b.place)).map(({ view }) => view),
    ...(last && shown.length < rest.length ? { nextAfter: encodePlace(last) } : {}),
    total: inRounds.length,
  };
}

function placed<T>(
  items: Iterable<T>,
  placeOf: PageOptions<T, unknown>["placeOf"],
  byTime: (a: ListedItem, b: ListedItem) => number,
): Placed<T>[] {
  const rounds = new Map<string, number>();
  return [...items].map((item) => ({ ...placeOf(item), item })).sort(byTime).map((one) => {
    const round = rounds.get(one.owner) ?? 0;
    rounds.set(one.owner, round + 1);
    return { ...one, round };
  });
}

type Place = Omit<Placed<unknown>, "item" | "owner">;

function encodePlace({ round, atMs, counter, id }: Place): string {
  return `${round}.${atMs}.${counter}.${id}`;
}

function decodePlace(text: string | undefined): ListedItem & Place | undefined {
  const [, round, atMs, counter, id] = /^(\d+)\.(\d+)\.(\d+)\.(\w+)$/.exec(text ?? "") ?? [];
  if (id === undefined) return undefined;
  return { round: Number(round), atMs: Number(atMs), counter: Number(counter), id, owner: "" };
}
