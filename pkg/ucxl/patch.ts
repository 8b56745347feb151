import { once } from "@bzzz/base";
import { z } from "zod";
import { addressSchema, citationSchema } from "./address_schema.ts";
import { slugOf } from "./decision.ts";
import { parseJson } from "./json_diff.ts";

/** What a patch changes. */
export const PATCH_KINDS = ["context", "code", "config", "docs"] as const;
/** Patches lie below this segment of a path. */
export const PATCHES_FOLDER = "patches";

const patchSchema = once(() =>
  z.strictObject({
    v: z.literal(1),
    kind: z.enum(PATCH_KINDS),
    title: z.string().min(1).max(100),
    summary: z.string().max(4_096),
    target: addressSchema(),
    base: citationSchema().optional(),
    media_type: z.string().min(1).max(127),
    content: z.string(),
    submitted: citationSchema().optional(),
  })
);

/**
 * A change that is offered: what shall stand at `target` in place of `base`, or of nothing. It is the content at the patch's own address;
 * once it was applied, a later version there says with `submitted` which version of the target came of it.
 */
export type Patch = z.output<ReturnType<typeof patchSchema>>;

/** A patch out of the text of a content; undefined for what is none. */
export function parsePatch(text: string): Patch | undefined {
  return patchSchema().safeParse(parseJson(text)).data;
}

/** The path of a patch: `patches/2026-11-22-use-cards.json`. */
export function patchPath(atMs: number, title: string): string {
  return `${PATCHES_FOLDER}/${new Date(atMs).toISOString().slice(0, 10)}-${slugOf(title, "patch")}.json`;
}
