/**
 * What is read at addresses, as the verbs of `ucxl` and `browse` show it.
 *
 * @module
 */
import type { VersionView } from "@bzzz/ucxi";
import { parseTemporal } from "@bzzz/ucxl";
import type { CommandContext } from "../types.ts";
import { given } from "../values.ts";
import { readSegment, textIn, ucxiOf } from "./ucxl_arguments.ts";
import { describeDiff, VERSION_HEADING, versionRow } from "./ucxl_render.ts";

/** Versions that a list has, unless told. */
export const DEFAULT_LIMIT = 100;
/** The pattern of all there is. */
export const EVERYTHING = "ucxl://any:any@any:any";

/**
 * The content at an address, as it is for a pipe and as text for a terminal; with a head, which version it is, beside it.
 * Rejects where there is none.
 */
export async function tellContent(
  context: CommandContext,
  address: string,
  options: { readonly hasHead?: boolean } = {},
): Promise<void> {
  const found = await (await ucxiOf(context)).get(address, { signal: context.signal });
  if (!context.out.isJson) {
    const { n, total, author, mediaType } = found;
    if (options.hasHead) await context.note(`${found.address}, version ${n} of ${total}, ${mediaType}, by ${author}`);
    return await context.out.content(found.bytes);
  }
  const { bytes, ...facts } = found;
  await context.out.json({
    address: facts.address,
    n: facts.n,
    total: facts.total,
    revision: facts.revision,
    author: facts.author,
    media_type: facts.mediaType,
    ...contentField(bytes),
  });
}

/** What fits a pattern, each at its latest; how many that were. */
export async function tellList(
  context: CommandContext,
  pattern: string,
  limit: number = DEFAULT_LIMIT,
): Promise<number> {
  const { items, next } = await (await ucxiOf(context)).list(pattern, { limit, signal: context.signal });
  await tellVersions(context, items, "Nothing there.");
  if (next !== undefined) await context.note(`(there is more: --limit ${limit * 10})`);
  return items.length;
}

/** What changed between two versions; `from` counts from `to`. */
export async function tellDifference(
  context: CommandContext,
  address: string,
  ends: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<void> {
  const [from, to] = [ends.from, ends.to].map((text) =>
    text === undefined ? undefined : readSegment(text, parseTemporal)
  );
  const found = await (await ucxiOf(context)).diff(address, {
    signal: context.signal,
    ...given("from", from),
    ...given("to", to),
  });
  await context.out.item(found, () => describeDiff(found));
}

/** A table of versions. */
export async function tellVersions(
  context: CommandContext,
  items: readonly VersionView[],
  empty: string,
): Promise<void> {
  await context.out.list(items, {
    heading: VERSION_HEADING,
    row: (version) => versionRow(version, context.format),
    empty,
  });
}

/** Content in an object of JSON: text, or base64 of what is none. */
export function contentField(bytes: Uint8Array): { content: string } | { content_base64: string } {
  const content = textIn(bytes);
  return content === undefined ? { content_base64: bytes.toBase64() } : { content };
}
