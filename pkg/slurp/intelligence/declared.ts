import { once } from "@bzzz/base";
import { readYaml } from "@bzzz/config";
import { z } from "zod";
import { type Fields, MAX_FIELD_CHARACTERS, MAX_FIELD_ITEMS, MAX_ITEM_CHARACTERS } from "../context/fields.ts";

/** The file in which people say what a folder is about. */
const DECLARED_FILE = /^(?:(.+)\/)?\.ucxl\/context\.(?:ya?ml|json)$/;

const text = once(() => z.string().trim().min(1).max(MAX_FIELD_CHARACTERS));
const names = once(() => z.array(z.string().trim().min(1).max(MAX_ITEM_CHARACTERS)).max(MAX_FIELD_ITEMS));
const declaredSchema = once(() =>
  z.strictObject({
    summary: text().optional(),
    purpose: text().optional(),
    language: z.string().trim().min(1).max(MAX_ITEM_CHARACTERS).optional(),
    technologies: names().optional(),
    tags: names().optional(),
  })
);

/** The folder that a `.ucxl/context.yaml` speaks of, "" for the task; undefined for every other path. */
export function declaredFolder(path: string): string | undefined {
  const match = DECLARED_FILE.exec(path);
  return match ? match[1] ?? "" : undefined;
}

/** What the file says; undefined when it does not have the form. JSON is YAML, too. */
export function readDeclared(source: string): Fields | undefined {
  const { root, issues } = readYaml(source, "context.yaml");
  const parsed = issues.length === 0 ? declaredSchema().safeParse(root, { jitless: true }) : undefined;
  if (!parsed?.success) return undefined;
  const { technologies, tags, ...rest } = parsed.data;
  return {
    ...defined(rest),
    ...(technologies ? { technologies: sorted(technologies) } : {}),
    ...(tags ? { tags: sorted(tags) } : {}),
  };
}

/** The tags of a document's front matter: a list, or words between commas. */
export function tagsOfFrontMatter(yaml: string | undefined): readonly string[] {
  if (yaml === undefined) return [];
  const { root, issues } = readYaml(yaml, "front matter");
  if (issues.length > 0 || typeof root !== "object" || root === null) return [];
  const tags = (root as Readonly<Record<string, unknown>>)["tags"]; // an object, as was just seen; maps of readYaml have no prototype
  const words = typeof tags === "string" ? tags.split(",") : Array.isArray(tags) ? tags : [];
  return words.flatMap((word) => typeof word === "string" && word.trim() !== "" ? [word.trim()] : []);
}

/** Unique names in order, as many and as long as a field takes. */
export function sorted(items: readonly string[]): readonly string[] {
  return [...new Set(items.map((item) => item.slice(0, MAX_ITEM_CHARACTERS)))].sort().slice(0, MAX_FIELD_ITEMS);
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>; // what is undefined was just left out
  };
}
