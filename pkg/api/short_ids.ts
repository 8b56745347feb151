import { ApiError } from "@bzzz/http";

/** Fewer characters are too easily another request's. */
export const MIN_SHORT_ID_CHARACTERS = 4;

/** How people misread Crockford's alphabet (crockford.com/base32): I and L are 1, O is 0; case does not matter. */
export function normaliseIdText(text: string): string {
  return text.trim().toUpperCase().replaceAll(/[IL]/g, "1").replaceAll("O", "0");
}

/** The shortest end of each id, of at least 4 characters, that no other of them shares. The ends of ULIDs are their random part. */
export function shortIds(ids: readonly string[]): ReadonlyMap<string, string> {
  const unique = [...new Set(ids)];
  const result = new Map<string, string>();
  let open = unique;
  for (let length = MIN_SHORT_ID_CHARACTERS; open.length > 0; length++) {
    const counts = new Map<string, number>();
    for (const id of unique) counts.set(id.slice(-length), (counts.get(id.slice(-length)) ?? 0) + 1);
    const stillOpen: string[] = [];
    for (const id of open) {
      if (counts.get(id.slice(-length)) === 1 || length >= id.length) result.set(id, id.slice(-length));
      else stillOpen.push(id);
    }
    open = stillOpen;
  }
  return result;
}

/**
 * The one id that ends, or begins, with `reference`. Undefined when there is none.
 * @throws ApiError "ambiguous_id" with `data.candidates` when there are several: two requests are never merged
 */
export function resolveShortId(reference: string, ids: readonly string[]): string | undefined {
  const wanted = normaliseIdText(reference);
  if (wanted.length < MIN_SHORT_ID_CHARACTERS) return undefined;
  if (ids.includes(wanted)) return wanted;
  const ends = ids.filter((id) => id.endsWith(wanted));
  const matches = ends.length > 0 ? ends : ids.filter((id) => id.startsWith(wanted));
  if (matches.length > 1) {
    const shorts = shortIds(matches);
    const candidates = matches.slice(0, 20).map((id) => ({ id, short_id: shorts.get(id) ?? id }));
    const list = candidates.map((candidate) => candidate.short_id).join(", ");
    throw new ApiError("ambiguous_id", `Cannot tell which one "${wanted}" is: it fits ${list}; use more characters`, {
      details: { reference: wanted },
      data: { candidates },
    });
  }
  return matches[0];
}
