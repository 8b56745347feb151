/**
 * What a node's disk holds of sealed content, as it is: beside the node, whether it runs or not.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

/** Hashes of the whole contents there, sorted; none while the node has made nothing yet. */
export async function contentsIn(home: string): Promise<string[]> {
  const found = ask(home, "SELECT hash FROM contents").map(({ hash }) => String(hash));
  for (const folder of await namesIn(`${home}/content`)) {
    found.push(...(await namesIn(`${home}/content/${folder}`)).filter((name) => /^[0-9a-f]{64}$/.test(name)));
  }
  return found.sort();
}

/** The sealed bytes of a content there. @throws Deno.errors.NotFound */
export async function contentOf(home: string, hash: string): Promise<Uint8Array> {
  const [row] = ask(home, "SELECT sealed FROM contents WHERE hash = ?", hash);
  if (row) return row["sealed"] as Uint8Array; // a STRICT table: the column is a BLOB
  return await Deno.readFile(`${home}/content/${hash.slice(0, 2)}/${hash}`);
}

function ask(home: string, sql: string, ...params: string[]): Record<string, unknown>[] {
  const path = `${home}/journal.db`;
  if (!isThere(path)) return [];
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    const isMade = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'contents'").get() !== undefined;
    return isMade ? db.prepare(sql).all(...params) : [];
  } finally {
    db.close();
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
