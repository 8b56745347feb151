import { describeDiff, nameOf } from "@bzzz/cli";
import { BzzzError, errorMessage } from "@bzzz/base";
import type { ContentAnswer, UcxiClient, VersionView } from "@bzzz/ucxi";
import { addressKey, parseConcrete } from "@bzzz/ucxl";
import type { BrowserState } from "./core/browser.ts";
import { atVersion, type BrowserQuery, type FoundVersion, patternOf, rowsOf } from "./core/browser_rows.ts";
import type { ContextEffect, ScreenEvent } from "./core/events.ts";
import { textLines } from "./core/text_lines.ts";

const MAX_LISTED = 1_000;
const MAX_FOUND = 200;
const MAX_VERSIONS = 1_000;
/** A content that is longer is not text for a screen; `ucxl get` writes it to a file. */
const MAX_SHOWN_BYTES = 512 * 1024;

/** What a reader of context is made of. */
export interface ContextReaderDeps {
  readonly client: UcxiClient;
  /** What the browser shows now. */
  readonly browser: () => BrowserState;
  readonly tell: (event: ScreenEvent) => void;
  /** Does what the person's key signs; asks for its passphrase where it is locked. */
  readonly withPassphrase: <T>(work: (given: { readonly passphrase?: string }) => Promise<T>) => Promise<T>;
  /** Ends everything that is under way. */
  readonly signal: AbortSignal;
}

/**
 * Reads context and decisions for the screen, and votes. Of each kind of thing one is read at a time: what is asked for later ends what was
 * asked for before, so that quick keys leave nothing behind. A vote is never ended by another one.
 */
export class ContextReader {
  readonly #deps: ContextReaderDeps;
  readonly #underWay = new Map<ContextEffect["type"], AbortController>();

  constructor(deps: ContextReaderDeps) {
    this.#deps = deps;
  }

  /** Does what the core wants, and tells what came of it. */
  carryOut(effect: ContextEffect): void {
    const signal = effect.type === "vote" ? this.#deps.signal : this.#supersede(effect.type);
    this.#answer(effect, signal)
      .catch((error): ScreenEvent => ({ type: "hint", text: errorMessage(error) }))
      .then((event) => {
        if (!signal.aborted) this.#deps.tell(event);
      });
  }

  #supersede(type: ContextEffect["type"]): AbortSignal {
    this.#underWay.get(type)?.abort(new DOMException("Something else is looked at", "AbortError"));
    const own = new AbortController();
    this.#underWay.set(type, own);
    return AbortSignal.any([own.signal, this.#deps.signal]);
  }

  /** What there is at a query. Rejects only when it is aborted. */
  async list(query: BrowserQuery, signal: AbortSignal): Promise<ScreenEvent> {
    try {
      const { versions, note } = await this.#listing(query, signal);
      return { type: "context_listed", query, answer: { rows: rowsOf(query, versions), note } };
    } catch (error) {
      signal.throwIfAborted();
      return { type: "context_listed", query, answer: { problem: errorMessage(error) } };
    }
  }

  /** One version with its content, as lines. Rejects only when it is aborted. */
  async read(asked: string, signal: AbortSignal): Promise<ScreenEvent> {
    const { client } = this.#deps;
    const answer = (rest: object): ScreenEvent => ({ type: "context_read", answer: { asked, ...rest } });
    let known: { readonly version: VersionView; readonly address: string } | undefined;
    try {
      const { version } = await client.navigate(asked, undefined, { signal });
      known = { version, address: atVersion(version.address, version.n) };
      if (version.is_deleted) return answer({ ...known, problem: `Version ${version.n} says that it was deleted` });
      if ((version.size ?? 0) > MAX_SHOWN_BYTES) return answer({ ...known, problem: tooLong(version) });
      const lines = linesOf(await client.get(known.address, { signal }));
      return answer(
        lines ? { ...known, lines } : { ...known, problem: "This is not text; ucxl get writes it to a file" },
      );
    } catch (error) {
      signal.throwIfAborted();
      const whom = hasCode(error, "content_unavailable") ? await this.#holders(asked, signal) : "";
      return answer({ ...known, problem: errorMessage(error) + whom });
    }
  }

  /** Who is said to hold a content that nobody gave; "" where that cannot be told either. */
  async #holders(address: string, signal: AbortSignal): Promise<string> {
    const key = addressKey(parseConcrete(address));
    const found = await this.#deps.client.discover(key, { limit: 1, signal }).catch(() => undefined); // the first problem counts
    signal.throwIfAborted();
    const [item] = found?.items ?? [];
    if (!item) return "";
    const names = item.providers.map((provider) => nameOf(provider)).join(", ");
    return names === "" ? "; no node says that it holds it" : `; its latest version is said to lie with ${names}`;
  }

  /** The log of decisions. Rejects only when it is aborted. */
  async decisions(signal: AbortSignal): Promise<ScreenEvent> {
    try {
      return { type: "decisions", items: await this.#deps.client.decisions({ limit: MAX_LISTED }, { signal }) };
    } catch (error) {
      signal.throwIfAborted();
      return { type: "decisions_unread", problem: errorMessage(error) };
    }
  }

  async #answer(effect: ContextEffect, signal: AbortSignal): Promise<ScreenEvent> {
    const { client, browser } = this.#deps;
    switch (effect.type) {
      case "list_context":
        return await this.list(browser().query, signal);
      case "read_context":
        return await this.read(effect.address, signal);
      case "read_versions": {
        const { total } = await client.history(effect.address, { limit: 1, signal });
        const from = Math.max(1, total - MAX_VERSIONS + 1);
        const { items } = await client.history(effect.address, { from, limit: MAX_VERSIONS, signal });
        return { type: "versions", address: effect.address, items, total };
      }
      case "diff_context": {
        const { address, from, to } = effect;
        const diff = await client.diff(address, { from: `*~${from}`, to: `*~${to}`, signal });
        return {
          type: "text",
          title: `What changed, version ${from} to ${to}`,
          text: [diff.after.address, "", ...describeDiff(diff)].join("\n"),
        };
      }
      case "read_decision":
        return { type: "decision", decision: await client.decision(effect.address, { signal }) };
      case "vote": {
        const { citation, address, vote, reason } = effect;
        try {
          const ballot = { address: citation, vote, ...(reason === "" ? {} : { reason }) };
          const decision = await this.#deps.withPassphrase((given) => client.vote({ ...ballot, ...given }, { signal }));
          return { type: "voted", decision, vote };
        } catch (error) {
          return { type: "not_voted", address, problem: errorMessage(error) };
        }
      }
    }
  }

  async #listing(
    query: BrowserQuery,
    signal: AbortSignal,
  ): Promise<{ readonly versions: readonly FoundVersion[]; readonly note: string }> {
    const { client } = this.#deps;
    if (query.type === "words") {
      const found = await client.query({ text: query.words, limit: MAX_FOUND }, { signal });
      const unsearched = found.is_complete ? [] : [`searched ${found.seen} of ${found.total} versions so far`];
      const more = found.next === undefined ? [] : [`the first ${MAX_FOUND}: more words find less`];
      return { versions: found.items, note: [...unsearched, ...more].join("; ") };
    }
    const { items, next } = await client.list(patternOf(query) ?? "", { limit: MAX_LISTED, signal });
    return { versions: items, note: next === undefined ? "" : `the first ${MAX_LISTED} addresses: there are more` };
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof BzzzError && error.code === code;
}

function tooLong({ size = 0 }: VersionView): string {
  return `It has ${size} bytes, which is too long for the screen; ucxl get writes it to a file`;
}

/** The content as harmless lines; undefined for what is no text. */
function linesOf({ bytes }: ContentAnswer): readonly string[] | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return textLines(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined; // not UTF-8
  }
}
