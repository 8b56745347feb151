/** "BZZZ" in ASCII: tells our files from other programs' (sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x42_5a_5a_5a;

/**
 * Step n brings a file from version n to n + 1 (`PRAGMA user_version`). Steps are only ever added: a released one is
 * never edited, because files in the field were made by it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE entries (
    cursor INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    author TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    prev BLOB,
    hlc_ms INTEGER NOT NULL,
    hlc_counter INTEGER NOT NULL,
    topic TEXT NOT NULL,
    kind TEXT NOT NULL,
    thread TEXT,
    task TEXT,
    pruned INTEGER NOT NULL DEFAULT 0,
    stored_at_ms INTEGER NOT NULL,
    frame BLOB NOT NULL,
    UNIQUE (author, seq)
  ) STRICT;
  CREATE INDEX entries_by_task ON entries (task) WHERE task IS NOT NULL;
  CREATE INDEX entries_by_thread ON entries (thread) WHERE thread IS NOT NULL;
  CREATE INDEX entries_by_age ON entries (topic, hlc_ms) WHERE pruned = 0;

  CREATE TABLE heads (
    author TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    hlc_ms INTEGER NOT NULL,
    hlc_counter INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outbox (cursor INTEGER PRIMARY KEY REFERENCES entries (cursor)) STRICT;

  CREATE TABLE forks (
    author TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    first BLOB NOT NULL,
    second BLOB NOT NULL,
    proved_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE grants (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;
  CREATE TABLE revocations (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;

  CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE context_versions (
    cursor INTEGER PRIMARY KEY,
    entry BLOB NOT NULL UNIQUE,
    project TEXT NOT NULL,
    task TEXT NOT NULL,
    agent TEXT NOT NULL,
    role TEXT NOT NULL,
    path TEXT NOT NULL,
    hlc_ms INTEGER NOT NULL,
    hlc_counter INTEGER NOT NULL,
    author TEXT NOT NULL,
    previous BLOB,
    revision BLOB,
    sealed BLOB,
    sealed_bytes INTEGER,
    size INTEGER,
    media_type TEXT,
    audience TEXT
  ) STRICT;
  CREATE UNIQUE INDEX context_versions_in_order
    ON context_versions (project, task, agent, role, path, hlc_ms, hlc_counter, author, cursor);
  CREATE INDEX context_versions_by_content ON context_versions (sealed) WHERE sealed IS NOT NULL;
  `,
  `
  CREATE TABLE registers (key TEXT PRIMARY KEY, record BLOB NOT NULL, checksum BLOB NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE contents (
    position INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    sealed BLOB NOT NULL,
    pinned INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL
  ) STRICT;
  `,
];

/** The version this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;
