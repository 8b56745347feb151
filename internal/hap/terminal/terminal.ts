/**
 * What the portal needs of a terminal, and nothing of the process: tests have one in memory.
 *
 * @module
 */

/** Who is at the other end of standard input. */
export type InputKind =
  /** A person whose keys come one by one. */
  | "keys"
  /** A pipe or file: lines are commands, its end is the end. */
  | "lines"
  /** Nobody: closed, or /dev/null, as under a supervisor. */
  | "none";

/** A place for lines of text. */
export interface Terminal {
  readonly input: InputKind;
  /**
   * Whether a line that was written can be replaced. False for `TERM=dumb`, `ACCESSIBLE` and whatever is no terminal: then text is only
   * ever added, as a screen reader needs it.
   */
  readonly canRedraw: boolean;
  /** Whether BEL is heard by a person. */
  readonly canRing: boolean;
  /** Whether text may be emphasised (`NO_COLOR` is not set). */
  readonly hasStyle: boolean;
  /** Columns of a line, now. */
  columns(): number;
  /** Bytes of standard input, until its end. */
  read(): AsyncIterable<Uint8Array>;
  /** @throws OutputClosedError when nobody reads any more */
  write(text: string): Promise<void>;
  /** What is no data: to standard error where that is somewhere else. */
  writeTalk(text: string): Promise<void>;
  /** Keys one by one and without echo; nothing for other input. Idempotent. */
  setRaw(isRaw: boolean): void;
}
