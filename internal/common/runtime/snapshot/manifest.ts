import { BzzzError } from "@bzzz/base";
import { z } from "zod";

/** What lies in a snapshot, and whose it is. Written last: a folder without it is no snapshot, or half of one. */
export const MANIFEST_FILE = "snapshot.json";

/**
 * A snapshot cannot be made or used. `not_found`: no snapshot there; `already_exists`: something is in the way;
 * `snapshot_damaged`: it is not as it was made; `snapshot_foreign`: it is of the other program, or of a newer version.
 */
export class SnapshotError extends BzzzError<
  "not_found" | "already_exists" | "snapshot_damaged" | "snapshot_foreign" | "snapshot_unwritable"
> {}

/** A path of a file below the folder: names apart by "/", none of which leads elsewhere. */
const relativePath = z.string().max(1_024).refine(
  (path) => path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !/[\\\0]/.test(name)),
  "expected a path below the folder",
);

const manifestSchema = z.strictObject({
  v: z.literal(1),
  program: z.string(),
  version: z.string(),
  mesh_name: z.string(),
  mesh_id: z.string(),
  agent_id: z.string(),
  peer_id: z.string(),
  taken_at_ms: z.int().min(0),
  files: z.array(z.strictObject({
    path: relativePath,
    bytes: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })),
});
/** The content of `snapshot.json`. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Reads `snapshot.json`. @throws SnapshotError "not_found", "snapshot_damaged", "snapshot_foreign" */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = `${folder}/${MANIFEST_FILE}`;
  let text: string;
  try {
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
  const parsed = manifestSchema.safeParse(value);
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
