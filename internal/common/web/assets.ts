/**
 * What pages serve beside themselves, out of the program: their style sheet, and what else a page brings.
 *
 * @module
 */
import { createHash } from "node:crypto";
import styleSource from "./assets/page.css" with { type: "text" };

/** A file of a page. Its path has the digest of its content: it may be kept for ever, and a new version is another path. */
export interface Asset {
  readonly path: string;
  readonly mediaType: string;
  readonly text: string;
}

/** A file that is served as `/assets/NAME-DIGEST.END`. */
export function createAsset(name: string, end: string, mediaType: string, text: string): Asset {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { path: `/assets/${name}-${digest}.${end}`, mediaType: `${mediaType}; charset=utf-8`, text };
}

/** The style sheet of every page. */
export const STYLE: Asset = createAsset("page", "css", "text/css", styleSource);

/** The answer to a request for one of these files; undefined for a path that is none. */
export function serveAsset(assets: readonly Asset[], path: string): Response | undefined {
  const found = assets.find((one) => one.path === path);
  return found && new Response(found.text, {
    headers: { "content-type": found.mediaType, "cache-control": "private, max-age=31536000, immutable" },
  });
}
