import type { AgentId, Clock, PeerId } from "@bzzz/base";
import type { Database } from "./database.ts";
import type {
  ForkRecord,
  ForkStore,
  GrantStore,
  InviteRecord,
  InviteStore,
  KeyValueStore,
  OutboxStore,
  RedeemResult,
} from "./types.ts";

/** `GrantStore` on SQLite. */
export class SqliteGrantStore implements GrantStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  addGrant(bytes: Uint8Array): boolean {
    return this.#db.run("INSERT INTO grants (bytes) VALUES (?) ON CONFLICT DO NOTHING", bytes).changes > 0;
  }

  addRevocation(bytes: Uint8Array): boolean {
    return this.#db.run("INSERT INTO revocations (bytes) VALUES (?) ON CONFLICT DO NOTHING", bytes).changes > 0;
  }

  grants(): Uint8Array[] {
    return this.#db.all<{ bytes: Uint8Array }>("SELECT bytes FROM grants ORDER BY position").map(({ bytes }) => bytes);
  }

  revocations(): Uint8Array[] {
    return this.#db.all<{ bytes: Uint8Array }>("SELECT bytes FROM revocations ORDER BY position")
      .map(({ bytes }) => bytes);
  }
}

interface SqlInvite {
  invite_id: string;
  secret_hash: Uint8Array;
  role: string;
  binary_type: string | null;
  agent_id: string | null;
  expires_ms: number;
  used_by: string | null;
  used_at_ms: number | null;
  revoked: number;
}

function toInvite(row: SqlInvite): InviteRecord {
  return {
    inviteId: row.invite_id,
    secretHash: row.secret_hash,
    role: row.role,
    // Written by `add` from an InviteRecord, so the texts are of their types.
    ...(row.binary_type === null ? {} : { binaryType: row.binary_type as "agent" | "hap" }),
    ...(row.agent_id === null ? {} : { agentId: row.agent_id as AgentId }),
    expiresMs: row.expires_ms,
    ...(row.used_by === null ? {} : { usedBy: row.used_by as PeerId }),
    ...(row.used_at_ms === null ? {} : { usedAtMs: row.used_at_ms }),
    isRevoked: row.revoked === 1,
  };
}

/** `InviteStore` on SQLite. */
export class SqliteInviteStore implements InviteStore {
  readonly #db: Database;
  readonly #clock: Pick<Clock, "nowMs">;

  constructor(db: Database, clock: Pick<Clock, "nowMs">) {
    this.#db = db;
    this.#clock = clock;
  }

  add(invite: InviteRecord): void {
    this.#db.run(
      "INSERT INTO invites (invite_id, secret_hash, role, binary_type, agent_id, expires_ms, used_by, used_at_ms, " +
        "revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      invite.inviteId,
      invite.secretHash,
      invite.role,
      invite.binaryType ?? null,
      invite.agentId ?? null,
      invite.expiresMs,
      invite.usedBy ?? null,
      invite.usedAtMs ?? null,
      invite.isRevoked ? 1 : 0,
    );
  }

  get(inviteId: string): InviteRecord | undefined {
    const row = this.#db.get<SqlInvite>("SELECT * FROM invites WHERE invite_id = ?", inviteId);
    return row && toInvite(row);
  }

  list(): InviteRecord[] {
    return this.#db.all<SqlInvite>("SELECT * FROM invites ORDER BY expires_ms, invite_id").map(toInvite);
  }

  redeem(inviteId: string, peer: PeerId): RedeemResult {
    return this.#db.transaction(() => {
      const invite = this.get(inviteId);
      if (!invite) return "unknown";
      if (invite.isRevoked) return "revoked";
      if (invite.usedBy !== undefined) return invite.usedBy === peer ? "redeemed" : "used";
      const nowMs = this.#clock.nowMs();
      if (nowMs > invite.expiresMs) return "expired";
      this.#db.run("UPDATE invites SET used_by = ?, used_at_ms = ? WHERE invite_id = ?", peer, nowMs, inviteId);
      return "redeemed";
    });
  }

  revoke(inviteId: string): boolean {
    return this.#db.run("UPDATE invites SET revoked = 1 WHERE invite_id = ?", inviteId).changes > 0;
  }

  removeExpired(beforeMs: number): number {
    return this.#db.run("DELETE FROM invites WHERE expires_ms < ?", beforeMs).changes;
  }
}

/** `KeyValueStore` on SQLite. */
export class SqliteKeyValueStore implements KeyValueStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(key: string): Uint8Array | undefined {
    return this.#db.get<{ value: Uint8Array }>("SELECT value FROM kv WHERE key = ?", key)?.value;
  }

  set(key: string, value: Uint8Array): void {
    this.#db.run(
      "INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }

  delete(key: string): boolean {
    return this.#db.run("DELETE FROM kv WHERE key = ?", key).changes > 0;
  }

  keys(prefix: string): string[] {
    return this.#db.all<{ key: string }>(
      "SELECT key FROM kv WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
      prefix,
    ).map(({ key }) => key);
  }
}

/** `OutboxStore` on SQLite. */
export class SqliteOutboxStore implements OutboxStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  addAll(cursors: readonly number[]): void {
    this.#db.transaction(() => {
      for (const cursor of cursors) this.#db.run("INSERT INTO outbox (cursor) VALUES (?)", cursor);
    });
  }

  next(afterCursor: number, limit: number): { cursor: number; topic: string; frame: Uint8Array }[] {
    return this.#db.all(
      "SELECT outbox.cursor AS cursor, topic, frame FROM outbox JOIN entries ON entries.cursor = outbox.cursor " +
        "WHERE outbox.cursor > ? ORDER BY outbox.cursor LIMIT ?",
      afterCursor,
      limit,
    );
  }

  removeAll(cursors: readonly number[]): void {
    this.#db.transaction(() => {
      for (const cursor of cursors) this.#db.run("DELETE FROM outbox WHERE cursor = ?", cursor);
    });
  }

  size(): number {
    return this.#db.get<{ n: number }>("SELECT count(*) AS n FROM outbox")?.n ?? 0;
  }
}

/** `ForkStore` on SQLite. */
export class SqliteForkStore implements ForkStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add(fork: ForkRecord): boolean {
    return this.#db.run(
      "INSERT INTO forks (author, seq, first, second, proved_at_ms) VALUES (?, ?, ?, ?, ?) " +
        "ON CONFLICT (author) DO UPDATE SET seq = excluded.seq, first = excluded.first, second = excluded.second, " +
        "proved_at_ms = excluded.proved_at_ms WHERE excluded.seq < seq",
      fork.author,
      fork.seq,
      fork.first,
      fork.second,
      fork.provedAtMs,
    ).changes > 0;
  }

  list(): ForkRecord[] {
    return this.#db.all<
      { author: string; seq: number; first: Uint8Array; second: Uint8Array; proved_at_ms: number }
    >("SELECT * FROM forks ORDER BY proved_at_ms, author").map((row) => ({
      author: row.author as PeerId, // written by `add` from a ForkRecord
      seq: row.seq,
      first: row.first,
      second: row.second,
      provedAtMs: row.proved_at_ms,
    }));
  }
}
