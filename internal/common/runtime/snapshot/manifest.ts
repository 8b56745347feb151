import { BzzzError, once, utf8Encode } from "@bzzz/base";
import { z } from "zod";

/** What lies in a snapshot, and whose it is. Written last: a folder without it is no snapshot, or half of one. */
export const MANIFEST_FILE = "snapshot.json";
/** Of a `snapshot.json`; names about 250,000 files. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** The database, which lies in a snapshot as a copy of one moment. */
const DATABASE_FILE = "journal.db";

/**
 * What is not in a snapshot: what belongs to one run, what can be made again, and the two marks by which a node sees that its
 * database is an old copy. `voter.mark` is in it, because the only voter of a mesh keeps its seat (`restore.ts`).
 */
const LEFT_OUT: readonly RegExp[] = [
  /^(run|work|exports|restoring)(\/|$)/,
  /^(instance\.lock|snapshot\.json)(\/|$)/,
  /^journal\.(seq|db)/,
  /\.log$/,
  /(^|\/)\.[^/]*\.tmp$/,
];

/** Whether a path of the data directory is not copied as it is. */
export function isLeftOut(path: string): boolean {
  return LEFT_OUT.some((left) => left.test(path));
}

/**
 * A snapshot cannot be made or used. `not_found`: no snapshot there; `already_exists`: something is in the way;
 * `snapshot_damaged`: it is not as it was made; `snapshot_foreign`: it is of the other program, or of a newer version.
 */
export class SnapshotError extends BzzzError<
  "not_found" | "already_exists" | "snapshot_damaged" | "snapshot_foreign" | "snapshot_unwritable"
> {}

/** A path of a file below the folder: names apart by "/", none of which leads elsewhere. */
const relativePath = once(() =>
  z.string().max(1_024).refine(
    (path) => path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !/[\\\0]/.test(name)),
    "expected a path below the folder, of names without backslashes",
  ).refine((path) => path === DATABASE_FILE || !isLeftOut(path), "expected a path of what a snapshot has")
);

/** No file twice, and none that would have to be a folder as well. */
function areApart(files: readonly { readonly path: string }[]): boolean {
  const paths = new Set(files.map(({ path }) => path));
  return paths.size === files.length && files.every(({ path }) => {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      if (paths.has(path.slice(0, end))) return false;
    }
    return true;
  });
}

const manifestSchema = once(() =>
  z.strictObject({
    v: z.literal(1),
    program: z.string(),
    version: z.string(),
    mesh_name: z.string(),
    mesh_id: z.string(),
    agent_id: z.string(),
    peer_id: z.string(),
    taken_at_ms: z.int().min(0),
    files: z.array(z.strictObject({
      path: relativePath(),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    })).refine(areApart, "expected each path once, and none below a file"),
  })
);
/** The content of `snapshot.json`. */
export type Manifest = z.infer<ReturnType<typeof manifestSchema>>;

/** The text of `snapshot.json`. @throws SnapshotError "snapshot_unwritable" where no `readManifest` would take it */
export function formatManifest(manifest: Manifest, folder: string): string {
  const refuse = (why: string) => new SnapshotError("snapshot_unwritable", `Cannot save into "${folder}": ${why}`);
  const parsed = manifestSchema().safeParse(manifest);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const file = issue?.path[0] === "files" ? manifest.files[Number(issue.path[1])] : undefined;
    throw refuse(
      file ? `"${file.path}" cannot be in a snapshot: ${issue?.message}; rename or move it` : `${issue?.message}`,
    );
  }
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  if (utf8Encode(text).byteLength <= MAX_MANIFEST_BYTES) return text;
  throw refuse(`${manifest.files.length} files are more than a snapshot can name`);
}

/** Reads `snapshot.json`. @throws SnapshotError "not_found", "snapshot_damaged", "snapshot_foreign" */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = `${folder}/${MANIFEST_FILE}`;
  let text: string;
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MAX_MANIFEST_BYTES) {
      const found = isFile ? `has ${size} bytes, more than ${MAX_MANIFEST_BYTES}` : "is no file";
      throw new SnapshotError("snapshot_damaged", `Cannot restore "${folder}": ${MANIFEST_FILE} ${found}`);
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    throw new SnapshotError(
      "not_found",
      `Cannot restore "${folder}": it has no ${MANIFEST_FILE}, so it is no snapshot`,
    );
  }
  const value = parseJson(text);
  const version = typeof value === "object" && value !== null && "v" in value ? value.v : undefined;
  if (typeof version === "number" && version > 1) {
    throw new SnapshotError("snapshot_foreign", `Cannot restore "${folder}": a newer version of this program made it`);
  }
  const parsed = manifestSchema().safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SnapshotError(
    "snapshot_damaged",
    `Cannot restore "${folder}": ${MANIFEST_FILE}, ${issue?.path.join(".") || "as a whole"}: ${issue?.message ?? ""}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
