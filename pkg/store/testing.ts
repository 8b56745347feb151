/**
 * Databases for tests: real ones, in a temporary folder that goes away with them.
 *
 * @module
 */
import type { Clock } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger, type Logger } from "@bzzz/logging";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "./store.ts";
import type { Store, StoreDeps } from "./types.ts";

/** A store whose folder is removed when it is disposed. */
export interface TestStore extends Disposable {
  readonly store: Store;
  /** The temporary folder; other files of the test may live in it. */
  readonly folder: string;
  readonly path: string;
}

/** Opens a fresh store; `maxBytes` makes it "full" early. */
export function createTestStore(
  options: { clock?: Clock; logger?: Logger; maxBytes?: number; syncFile?: StoreDeps["syncFile"] } = {},
): TestStore {
  const folder = Deno.makeTempDirSync({ prefix: "bzzz-store-" });
  const path = `${folder}/journal.db`;
  const store = openStore(
    {
      clock: options.clock ?? new ManualClock(),
      logger: options.logger ?? createNullLogger(),
      ...(options.syncFile ? { syncFile: options.syncFile } : {}),
    },
    { path, ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }) },
  );
  return {
    store,
    folder,
    path,
    [Symbol.dispose]: () => {
      store.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Changes a database behind its store's back, as damage or an attacker does; the number of rows it changed. */
export function tamperWith(path: string, sql: string, ...params: (string | number | Uint8Array)[]): number {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA foreign_keys = OFF");
    return Number(db.prepare(sql).run(...params).changes);
  } finally {
    db.close();
  }
}
