import { type Clock, createDeadline, LruMap, utf8Decode } from "@bzzz/base";
import { citationOf, type ContentSealer, ContextError, type ContextStore, type Version } from "@bzzz/context";
import { type Decision, DECISIONS_FOLDER, parseDecision, parseJson, pathSegments, UcxlError } from "@bzzz/ucxl";
import { MAX_FIELD_CHARACTERS } from "../context/fields.ts";
import { extract } from "./extract.ts";
import { essenceOf, isProgramming, languageOf } from "./languages.ts";
import type { Finding, SourceText, Summarise } from "./types.ts";

/** Larger contents are known by their metadata alone. */
const MAX_READ_BYTES = 256 * 1024;
/** Contents whose findings are kept. */
const MAX_KEPT = 2_000;
/** Texts that are shorter need no summary. */
const MIN_SUMMARISED_CHARACTERS = 2_000;
/** What a model is shown of a text. */
const MAX_SUMMARISED_CHARACTERS = 16_384;
const SUMMARY_TIMEOUT_MS = 20_000;
/** Summaries that one reader asks for between two calls of `renewBudget`. */
const SUMMARY_BUDGET = 50;

/** What a reader stands on. */
export interface SourceReaderDeps {
  readonly context: Pick<ContextStore, "open">;
  readonly sealer: Pick<ContentSealer, "revocations">;
  readonly clock: Pick<Clock, "setTimer">;
  /** Without one, summaries are what extractors found. */
  readonly summarise?: Summarise;
  /** Called with what became of each summary that was asked for. */
  readonly onSummary?: (outcome: "summarised" | "failed") => void;
}

/** What is known of a source. */
export interface ReadSource {
  readonly version: Version;
  readonly citation: string;
  /** The words of a decision, when it is one. */
  readonly decision: Decision | undefined;
  readonly findings: readonly Finding[];
  /** `metadata`: it is meant for others, damaged, large or no text. `missing`: nobody in reach has it now. */
  readonly state: "read" | "metadata" | "missing";
}

type Known = Pick<ReadSource, "decision" | "findings" | "state">;

/** Opens sources and extracts what they tell; what it found is kept in memory by revision, within a bound. */
export class SourceReader {
  readonly #deps: SourceReaderDeps;
  readonly #known = new LruMap<string, Known>(MAX_KEPT);
  #revocations = 0;
  #summaries = SUMMARY_BUDGET;

  constructor(deps: SourceReaderDeps) {
    this.#deps = deps;
  }

  /** Allows as many summaries again as in the beginning. */
  renewBudget(): void {
    this.#summaries = SUMMARY_BUDGET;
  }

  /** What a version tells; rejects only with the reason of `signal` and what is no refusal of a read. */
  async read(version: Version, options: { readonly signal?: AbortSignal } = {}): Promise<ReadSource> {
    const revocations = this.#deps.sealer.revocations ?? 0;
    if (revocations !== this.#revocations) this.#known.clear(); // what this node may not open any more it forgets
    this.#revocations = revocations;
    const revision = version.content?.revision ?? "";
    const known = this.#known.get(revision) ?? await this.#look(version, options);
    if (known.state === "read") this.#known.set(revision, known);
    return { version, citation: citationOf(version), ...known };
  }

  async #look(version: Version, options: { readonly signal?: AbortSignal }): Promise<Known> {
    const source = {
      path: pathSegments(version.address).join("/"),
      mediaType: version.content?.mediaType ?? "application/octet-stream",
    };
    const content = await this.#textOf(version, source, options);
    if (content.state !== "read") {
      return { state: content.state, decision: undefined, findings: extract({ ...source, text: undefined }) };
    }
    const { text } = content;
    const decision = source.path.startsWith(`${DECISIONS_FOLDER}/`) ? decisionIn(text) : undefined;
    const findings = extract({ ...source, text });
    return {
      state: "read",
      decision,
      findings: decision ? [] : await this.#summarised(findings, { ...source, text }, options),
    };
  }

  async #textOf(
    version: Version,
    source: Pick<SourceText, "path" | "mediaType">,
    options: { readonly signal?: AbortSignal },
  ): Promise<{ readonly state: "read"; readonly text: string } | { readonly state: "metadata" | "missing" }> {
    if (!isText(source) || (version.content?.size ?? Infinity) > MAX_READ_BYTES) return { state: "metadata" };
    try {
      const { bytes } = await this.#deps.context.open(version, options);
      return { state: "read", text: utf8Decode(bytes) };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof TypeError) return { state: "metadata" }; // it only says that it is text
      if (!(error instanceof ContextError)) throw error;
      return { state: error.code === "content_unavailable" ? "missing" : "metadata" };
    }
  }

  async #summarised(
    findings: readonly Finding[],
    { path, text }: { readonly path: string; readonly text: string },
    options: { readonly signal?: AbortSignal },
  ): Promise<readonly Finding[]> {
    const { summarise, clock, onSummary } = this.#deps;
    if (!summarise || text.length < MIN_SUMMARISED_CHARACTERS || this.#summaries === 0) return findings;
    this.#summaries--;
    using deadline = createDeadline(clock, {
      timeoutMs: SUMMARY_TIMEOUT_MS,
      what: "summarising",
      ...(options.signal ? { parent: options.signal } : {}),
    });
    try {
      const input = { text: text.slice(0, MAX_SUMMARISED_CHARACTERS), path, maxCharacters: MAX_FIELD_CHARACTERS };
      const summary = (await summarise(input, { signal: deadline.signal })).trim().slice(0, MAX_FIELD_CHARACTERS);
      if (summary === "") return findings;
      onSummary?.("summarised");
      return findings.map((finding) => ({ ...finding, fields: { ...finding.fields, summary } }));
    } catch {
      options.signal?.throwIfAborted();
      onSummary?.("failed"); // what was extracted is a summary, too
      return findings;
    }
  }
}

function decisionIn(text: string): Decision | undefined {
  try {
    return parseDecision(parseJson(text));
  } catch (error) {
    if (error instanceof UcxlError) return undefined;
    throw error;
  }
}

function isText({ path, mediaType }: Pick<SourceText, "path" | "mediaType">): boolean {
  const essence = essenceOf(mediaType);
  const language = languageOf(path, mediaType);
  return essence.startsWith("text/") || /[/+](?:json|yaml|xml|javascript|toml)$/.test(essence) ||
    (language !== undefined && isProgramming(language) && !essence.startsWith("image/"));
}
