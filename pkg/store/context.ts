import { type EntryId, hexDecode, hexEncode, type PeerId } from "@bzzz/base";
import type { Database } from "./database.ts";
import type { ContextPlace, ContextPlaceFilter, ContextRow, ContextTable } from "./types.ts";

const PLACE = "project = ? AND task = ? AND agent = ? AND role = ? AND path = ?";
const ORDER = "hlc_ms, hlc_counter, author, cursor";
const ORDER_BACK = "hlc_ms DESC, hlc_counter DESC, author DESC, cursor DESC";
const COLUMNS = "cursor, entry, project, task, agent, role, path, hlc_ms, hlc_counter, author, previous, revision, " +
  "sealed, sealed_bytes, size, media_type, audience";

interface SqlContext {
  cursor: number;
  entry: Uint8Array;
  project: string;
  task: string;
  agent: string;
  role: string;
  path: string;
  hlc_ms: number;
  hlc_counter: number;
  author: string;
  previous: Uint8Array | null;
  revision: Uint8Array | null;
  sealed: Uint8Array | null;
  sealed_bytes: number | null;
  size: number | null;
  media_type: string | null;
  audience: string | null;
}

function toRow(row: SqlContext): ContextRow {
  return {
    cursor: row.cursor,
    // The branded texts were parsed before they were stored.
    entry: hexEncode(row.entry) as EntryId,
    project: row.project,
    task: row.task,
    agent: row.agent,
    role: row.role,
    path: row.path,
    author: row.author as PeerId,
    hlcMs: row.hlc_ms,
    hlcCounter: row.hlc_counter,
    previous: row.previous === null ? undefined : hexEncode(row.previous) as EntryId,
    content: row.revision === null || row.sealed === null ? undefined : {
      revision: hexEncode(row.revision),
      sealed: hexEncode(row.sealed),
      sealedBytes: row.sealed_bytes ?? 0,
      size: row.size ?? 0,
      mediaType: row.media_type ?? "",
      audience: row.audience === null || row.audience === "" ? [] : row.audience.split(","),
    },
  };
}

function bytesOf(hex: string | undefined): Uint8Array | null {
  return hex === undefined ? null : hexDecode(hex) ?? null;
}

function keyOf(place: ContextPlace): [string, string, string, string, string] {
  return [place.project, place.task, place.agent, place.role, place.path];
}

/** `ContextTable` on SQLite. */
export class SqliteContextTable implements ContextTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(row: ContextRow): boolean {
    const { content } = row;
    return this.#db.run(
      `INSERT INTO context_versions (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ` +
        "ON CONFLICT DO NOTHING",
      row.cursor,
      bytesOf(row.entry),
      ...keyOf(row),
      row.hlcMs,
      row.hlcCounter,
      row.author,
      bytesOf(row.previous),
      bytesOf(content?.revision),
      bytesOf(content?.sealed),
      content?.sealedBytes ?? null,
      content?.size ?? null,
      content?.mediaType ?? null,
      content?.audience.join(",") ?? null, // names of roles have no comma
    ).changes > 0;
  }

  count(place: ContextPlace): number {
    return this.#number(`SELECT count(*) AS n FROM context_versions WHERE ${PLACE}`, ...keyOf(place));
  }

  at(place: ContextPlace, n: number): ContextRow | undefined {
    return n < 1 ? undefined : this.list(place, { from: n, limit: 1 })[0];
  }

  list(place: ContextPlace, { from, limit }: { readonly from: number; readonly limit: number }): ContextRow[] {
    return this.#db.all<SqlContext>(
      `SELECT ${COLUMNS} FROM context_versions WHERE ${PLACE} ORDER BY ${ORDER} LIMIT ? OFFSET ?`,
      ...keyOf(place),
      limit,
      Math.max(0, from - 1),
    ).map(toRow);
  }

  numberOf(row: ContextRow): number {
    return this.#number(
      `SELECT count(*) AS n FROM context_versions WHERE ${PLACE} AND (${ORDER}) <= (?, ?, ?, ?)`,
      ...keyOf(row),
      row.hlcMs,
      row.hlcCounter,
      row.author,
      row.cursor,
    );
  }

  byEntry(entry: EntryId): ContextRow | undefined {
    const found = this.#db.get<SqlContext>(
      `SELECT ${COLUMNS} FROM context_versions WHERE entry = ?`,
      bytesOf(entry),
    );
    return found && toRow(found);
  }

  byCursor(cursor: number): ContextRow | undefined {
    const found = this.#db.get<SqlContext>(`SELECT ${COLUMNS} FROM context_versions WHERE cursor = ?`, cursor);
    return found && toRow(found);
  }

  latest(place: ContextPlace): ContextRow | undefined {
    const found = this.#db.get<SqlContext>(
      `SELECT ${COLUMNS} FROM context_versions WHERE ${PLACE} ORDER BY ${ORDER_BACK} LIMIT 1`,
      ...keyOf(place),
    );
    return found && toRow(found);
  }

  byRevision(place: ContextPlace, revision: string): ContextRow | undefined {
    const found = this.#db.get<SqlContext>(
      `SELECT ${COLUMNS} FROM context_versions WHERE ${PLACE} AND revision = ? ORDER BY ${ORDER} LIMIT 1`,
      ...keyOf(place),
      bytesOf(revision),
    );
    return found && toRow(found);
  }

  places(
    filter: ContextPlaceFilter,
    options: { readonly after?: ContextPlace; readonly limit: number },
  ): ContextPlace[] {
    const conditions: string[] = [];
    const values: string[] = [];
    for (const column of ["project", "task", "agent", "role"] as const) {
      const value = filter[column];
      if (value !== undefined) {
        conditions.push(`${column} = ?`);
        values.push(value);
      }
    }
    if (filter.pathPrefix !== undefined && filter.pathPrefix !== "") {
      // "/" and the character after it: everything that begins with the prefix and a slash lies between them
      conditions.push("(path = ? OR (path >= ? AND path < ?))");
      values.push(filter.pathPrefix, `${filter.pathPrefix}/`, `${filter.pathPrefix}0`);
    }
    if (options.after) {
      conditions.push("(project, task, agent, role, path) > (?, ?, ?, ?, ?)");
      values.push(...keyOf(options.after));
    }
    const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
    return this.#db.all<{ project: string; task: string; agent: string; role: string; path: string }>(
      `SELECT DISTINCT project, task, agent, role, path FROM context_versions${where} ` +
        "ORDER BY project, task, agent, role, path LIMIT ?",
      ...values,
      options.limit,
    );
  }

  subjects(
    { after, limit }: { readonly after?: Pick<ContextPlace, "project" | "task">; readonly limit: number },
  ): Pick<ContextPlace, "project" | "task">[] {
    return this.#db.all<Pick<ContextPlace, "project" | "task">>(
      "SELECT DISTINCT project, task FROM context_versions WHERE (project, task) > (?, ?) ORDER BY project, task LIMIT ?",
      after?.project ?? "",
      after?.task ?? "",
      limit,
    ).map(({ project, task }) => ({ project, task }));
  }

  after(cursor: number, limit: number): ContextRow[] {
    return this.#db.all<SqlContext>(
      `SELECT ${COLUMNS} FROM context_versions WHERE cursor > ? ORDER BY cursor LIMIT ?`,
      cursor,
      limit,
    ).map(toRow);
  }

  lastCursor(): number {
    return this.#number("SELECT coalesce(max(cursor), 0) AS n FROM context_versions");
  }

  size(): number {
    return this.#number("SELECT count(*) AS n FROM context_versions");
  }

  countAfter(cursor: number): number {
    return this.#number("SELECT count(*) AS n FROM context_versions WHERE cursor > ?", cursor);
  }

  clear(): void {
    this.#db.run("DELETE FROM context_versions");
  }

  #number(sql: string, ...values: (string | number)[]): number {
    return this.#db.get<{ n: number }>(sql, ...values)?.n ?? 0;
  }
}
