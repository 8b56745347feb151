import { assertNever, LruMap, utf8Decode } from "@bzzz/base";
import { citationOf, type ContentSealer, ContextError, type ContextStore, type Version } from "@bzzz/context";
import { type Decision, DECISIONS_FOLDER, parseDecision, parseJson, pathSegments, UcxlError } from "@bzzz/ucxl";
import { extract } from "./extract.ts";
import { essenceOf, isProgramming, languageOf } from "./languages.ts";
import type { Summaries } from "./summaries.ts";
import type { Finding, SourceText } from "./types.ts";

/** Larger contents are known by their metadata alone. */
const MAX_READ_BYTES = 256 * 1024;
/** Contents whose findings are kept. */
const MAX_KEPT = 2_000;
/** Texts that are shorter need no summary. */
const MIN_SUMMARISED_CHARACTERS = 2_000;

/** What a reader stands on. */
export interface SourceReaderDeps {
  readonly context: Pick<ContextStore, "open">;
  readonly sealer: Pick<ContentSealer, "revocations">;
  readonly summaries: Pick<Summaries, "beginDerivation" | "askableInMs" | "isAskable" | "summariser" | "of">;
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

/** How it stands with the summary of a model: there is one, or none is due; the term in which it failed; not asked for yet. */
type Summarised = "settled" | { readonly failedInTerm: number } | "lacking";

type Known = Pick<ReadSource, "decision" | "findings" | "state"> & { readonly summarised: Summarised };

/** Of a read. */
interface ReadOptions {
  readonly signal: AbortSignal;
  /** What a model has said already, by citation. */
  readonly summaries?: ReadonlyMap<string, string>;
}

/** Opens sources and extracts what they tell; what it found is kept in memory by revision, within a bound. */
export class SourceReader {
  readonly #deps: SourceReaderDeps;
  readonly #known = new LruMap<string, Known>(MAX_KEPT);
  #revocations = 0;
  #terms = 0;
  #isLacking = false;

  constructor(deps: SourceReaderDeps) {
    this.#deps = deps;
  }

  /** What a model failed at may be tried again. */
  beginTerm(): void {
    this.#terms++;
  }

  /** Before the sources of one subject are read. */
  beginDerivation(): void {
    this.#isLacking = false;
    this.#deps.summaries.beginDerivation();
  }

  /** Whether something that was read since `beginDerivation` waits for its summary. */
  get isLacking(): boolean {
    return this.#isLacking;
  }

  /** See `Summaries`. */
  askableInMs(): number | undefined {
    return this.#deps.summaries.askableInMs();
  }

  /** Everything is read anew. */
  forget(): void {
    this.#known.clear();
  }

  /** What a version tells; rejects only with the reason of `signal` and what is no refusal of a read. */
  async read(version: Version, options: ReadOptions): Promise<ReadSource> {
    const revocations = this.#deps.sealer.revocations ?? 0;
    if (revocations !== this.#revocations) this.#known.clear(); // what this node may not open any more it forgets
    this.#revocations = revocations;
    const revision = version.content?.revision ?? "";
    const citation = citationOf(version);
    const said = options.summaries?.get(citation);
    const kept = this.#known.get(revision);
    const known = kept && !this.#isWorthAnother(kept, said) ? kept : await this.#look(version, said, options);
    if (known.state === "read") this.#known.set(revision, known);
    const { summarised, ...read } = known;
    if (this.#lacks(summarised)) this.#isLacking = true;
    return { version, citation, ...read };
  }

  #lacks(summarised: Summarised): boolean {
    return summarised === "lacking" || summarised !== "settled" && summarised.failedInTerm < this.#terms;
  }

  #isWorthAnother({ summarised }: Known, said: string | undefined): boolean {
    return this.#lacks(summarised) && (said !== undefined || this.#deps.summaries.isAskable);
  }

  async #look(version: Version, said: string | undefined, options: ReadOptions): Promise<Known> {
    const source = {
      path: pathSegments(version.address).join("/"),
      mediaType: version.content?.mediaType ?? "application/octet-stream",
    };
    const content = await this.#textOf(version, source, options);
    if (content.state !== "read") {
      const findings = extract({ ...source, text: undefined });
      return { state: content.state, decision: undefined, findings, summarised: "settled" };
    }
    const { text } = content;
    const decision = source.path.startsWith(`${DECISIONS_FOLDER}/`) ? decisionIn(text) : undefined;
    if (decision) return { state: "read", decision, findings: [], summarised: "settled" };
    const findings = extract({ ...source, text });
    const { summary, summarised } = await this.#summaryOf({ ...source, text }, findings, said, options);
    return { state: "read", decision, findings: summary ? withSummary(findings, summary) : findings, summarised };
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

  async #summaryOf(
    { path, text }: { readonly path: string; readonly text: string },
    findings: readonly Finding[],
    said: string | undefined,
    options: ReadOptions,
  ): Promise<{ readonly summary?: string; readonly summarised: Summarised }> {
    // what somebody declares is not to be summed up, and a short text is its own summary
    const isDue = text.length >= MIN_SUMMARISED_CHARACTERS &&
      findings.some(({ directness }) => directness === "itself");
    if (!isDue) return { summarised: "settled" };
    if (said !== undefined) return { summary: said, summarised: "settled" };
    if (!this.#deps.summaries.summariser) return { summarised: "settled" };
    const outcome = await this.#deps.summaries.of({ path, text }, options);
    switch (outcome.type) {
      case "summarised":
        return { summary: outcome.text, summarised: "settled" };
      case "failed":
        return { summarised: { failedInTerm: this.#terms } };
      case "later":
        return { summarised: "lacking" };
      default:
        return assertNever(outcome);
    }
  }
}

function withSummary(findings: readonly Finding[], summary: string): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, fields: { ...finding.fields, summary }, isSummarised: true }));
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
