import { ApiError } from "@bzzz/http";

const ETAG_LIST = /^\s*(W\/)?"[\x21\x23-\x7e]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e]*")*\s*$/;

/** The entity tags of a header; undefined when it is not there. @throws ApiError "invalid_request" */
function etagsOf(request: Request, header: string): readonly string[] | "*" | undefined {
  const value = request.headers.get(header);
  if (value === null) return undefined;
  if (value.trim() === "*") return "*";
  if (!ETAG_LIST.test(value)) {
    throw new ApiError("invalid_request", `Cannot use the header ${header}: it is no list of entity tags`, {
      details: { field: header, provided: value.slice(0, 100), expected_format: '"<revision>" or *' },
    });
  }
  return [...value.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
}

/**
 * What a write may replace, by If-Match and If-None-Match (RFC 9110 section 13.1): a revision, "any", "none", or undefined for anything.
 * @throws ApiError "invalid_request" for a condition that names several revisions, which no writer has seen at once
 */
export function onlyOverOf(request: Request): string | undefined {
  const none = etagsOf(request, "if-none-match");
  const match = etagsOf(request, "if-match");
  if (none !== undefined && (none !== "*" || match !== undefined)) {
    throw new ApiError("invalid_request", "Cannot use the header If-None-Match with a write: it takes * alone", {
      details: { field: "if-none-match", expected_format: "*" },
    });
  }
  if (none === "*") return "none";
  if (match === undefined) return undefined;
  if (match === "*") return "any";
  if (match.length === 1 && match[0] !== undefined) return match[0];
  throw new ApiError("invalid_request", "Cannot use the header If-Match: it names several revisions", {
    details: { field: "if-match", provided: match.length, expected_format: "one entity tag or *" },
  });
}

/** Whether the reader has this revision already. */
export function isNotModified(request: Request, revision: string): boolean {
  const tags = etagsOf(request, "if-none-match");
  return tags === "*" || (tags?.includes(revision) ?? false);
}

/** The first byte and the one behind the last of a range; undefined for the whole. */
export type ByteRange = { readonly start: number; readonly end: number } | undefined;

/**
 * The part of a content that the header Range asks for (RFC 9110 section 14). Several ranges, another unit, and a range of another
 * revision (If-Range) get the whole, as the RFC allows.
 * @throws ApiError "range_not_satisfiable"
 */
export function rangeOf(request: Request, options: { readonly size: number; readonly revision: string }): ByteRange {
  const { size, revision } = options;
  const match = /^\s*bytes=(\d{0,15})-(\d{0,15})\s*$/.exec(request.headers.get("range") ?? "");
  const [first, last] = [match?.[1] ?? "", match?.[2] ?? ""];
  if (first === "" && last === "") return undefined;
  const only = request.headers.get("if-range");
  if (only !== null && only.trim() !== `"${revision}"`) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start < end) return { start, end };
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined; // no range at all
  throw new ApiError("range_not_satisfiable", `Cannot answer the range: the content has ${size} bytes`, {
    details: { field: "range", provided: `${first}-${last}`, content_range: `bytes */${size}` },
  });
}
