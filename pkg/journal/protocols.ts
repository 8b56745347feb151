import type { PeerId } from "@bzzz/base";
import type { Store } from "@bzzz/store";
import { decodeBody, decodeFrame, type Envelope, PROTOCOL_VERSION } from "@bzzz/wire";

const SCAN_ROWS = 256;

/**
 * Which authors say in their agent record that they speak a later protocol than this program. What such an author writes may
 * have a later schema of a known kind: nothing to act on, and no offence of who passes it on. Everybody else's body that
 * does not fit its kind is one. Holds those authors alone, and looks through the stored records once, when it first
 * matters.
 */
export class AuthorProtocols {
  readonly #entries: Pick<Store["entries"], "after">;
  readonly #later = new Set<PeerId>();
  #isScanned = false;

  constructor(entries: Pick<Store["entries"], "after">) {
    this.#entries = entries;
  }

  /** Takes an entry whose signature was checked; only agent records matter. The last one counts. */
  learn(envelope: Envelope): void {
    if (envelope.header.kind !== "agent_record") return;
    const decoded = decodeBody(envelope);
    if (!decoded.ok || decoded.kind !== "agent_record") return;
    if (decoded.body.protocolMax > PROTOCOL_VERSION) this.#later.add(envelope.header.author);
    else this.#later.delete(envelope.header.author);
  }

  /** Whether what `author` writes may be of a later protocol. */
  mayBeLater(author: PeerId): boolean {
    if (!this.#isScanned) this.#scan();
    return this.#later.has(author);
  }

  /** What was learned since the start is newer than what is stored, and stays. */
  #scan(): void {
    this.#isScanned = true;
    const learned = new Set(this.#later);
    for (let cursor = 0;;) {
      const rows = this.#entries.after(cursor, { kinds: ["agent_record"], limit: SCAN_ROWS });
      for (const row of rows) {
        cursor = row.cursor;
        const decoded = decodeFrame(row.frame);
        if (decoded.ok) this.learn(decoded.envelope);
      }
      if (rows.length < SCAN_ROWS) break;
    }
    for (const author of learned) this.#later.add(author);
  }
}
