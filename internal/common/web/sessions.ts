import { base64UrlEncode, type Clock, LruMap, type Random, utf8Encode } from "@bzzz/base";
import { constantTimeEqual } from "@bzzz/crypto";
import { FormTokens } from "./form_tokens.ts";

/** A login link works for this long. */
export const LINK_TTL_MS = 10 * 60_000;
/** A login lasts this long, whatever is done in it. */
export const SESSION_TTL_MS = 12 * 3_600_000;
/** Browsers logged in at once; one more logs out the one that was away longest. */
const MAX_SESSIONS = 8;

/** One browser that logged in. */
export interface Session {
  readonly id: string;
  readonly forms: FormTokens;
  readonly endsAtMs: number;
}

/** Who is logged in to the page. Everything is in memory: with the page's end every login ends. */
export class Sessions {
  readonly #deps: { readonly clock: Pick<Clock, "monotonicMs">; readonly random: Random };
  readonly #sessions = new LruMap<string, Session>(MAX_SESSIONS);
  #link: { readonly code: string; readonly endsAtMs: number } | undefined;

  constructor(deps: { readonly clock: Pick<Clock, "monotonicMs">; readonly random: Random }) {
    this.#deps = deps;
  }

  /** The code of a login link that works once, within ten minutes. The link before it, if it was not used, works no more. */
  createLink(): string {
    const code = base64UrlEncode(this.#deps.random.bytes(24));
    this.#link = { code, endsAtMs: this.#deps.clock.monotonicMs() + LINK_TTL_MS };
    return code;
  }

  /** Whether the last link has let somebody in. */
  get isLinkUsed(): boolean {
    return this.#link === undefined;
  }

  /** The session that a link begins; undefined when there is no such link, or it was used or has expired. */
  redeem(code: string): Session | undefined {
    const link = this.#link;
    const nowMs = this.#deps.clock.monotonicMs();
    if (!link || nowMs >= link.endsAtMs || !constantTimeEqual(utf8Encode(code), utf8Encode(link.code))) {
      return undefined;
    }
    this.#link = undefined;
    const session: Session = {
      id: base64UrlEncode(this.#deps.random.bytes(32)),
      forms: new FormTokens(this.#deps),
      endsAtMs: nowMs + SESSION_TTL_MS,
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The session with that id, while it lasts. */
  find(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (!session || this.#deps.clock.monotonicMs() < session.endsAtMs) return session;
    this.end(id);
    return undefined;
  }

  /** Logs out. */
  end(id: string): void {
    this.#sessions.delete(id);
  }
}
