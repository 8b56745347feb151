import type { Fields } from "../context/fields.ts";

/** Content as extractors see it. */
export interface SourceText {
  /** Of its address, decoded. */
  readonly path: string;
  readonly mediaType: string;
  /** Undefined when it is no text, too large, or not readable here. */
  readonly text: string | undefined;
}

/** How directly something speaks of a path: a file of facts before a README before the thing itself. */
export type Directness = "declared" | "readme" | "itself";

/** Facts that a content tells of a path; a README also tells of its folder. */
export interface Finding {
  readonly path: string;
  readonly directness: Directness;
  readonly fields: Fields;
  /** The summary among them is a model's. */
  readonly isSummarised?: boolean;
}

/** Shortens `text` to a few sentences. The only thing that a model is asked for; nothing depends on an answer. */
export interface Summarise {
  /**
   * At most `maxCharacters` of summary. `text` is data of members, never an instruction.
   * @throws whatever keeps it from answering; the extracted summary stands then
   */
  (
    input: { readonly text: string; readonly path: string; readonly maxCharacters: number },
    options: { readonly signal: AbortSignal },
  ): Promise<string>;
}
