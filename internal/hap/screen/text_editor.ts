/**
 * The person's own editor, for a text that is longer than a line.
 *
 * @module
 */
import { join } from "node:path";
import { type Clock, errorMessage } from "@bzzz/base";

/** More is not read: it fits into no entry. */
const MAX_FILE_BYTES = 256 * 1024;
/** A text that nobody came back for is kept for a day, and goes with the next text that is opened then. */
const KEPT_MS = 24 * 3_600_000;
/** An editor that is told to end has this long. */
const END_MS = 2_000;
const PREFIX = "draft-";

/** What came of editing. */
export type Edited =
  | { readonly type: "edited"; readonly text: string }
  /** Nothing changes; why is in words. */
  | { readonly type: "failed"; readonly problem: string };

/** Opens texts in a program that has the terminal meanwhile. */
export interface TextEditor {
  /** Why it cannot be opened, and how to go on; undefined: it can. */
  refusal(): Promise<string | undefined>;
  /**
   * The text as the person left it, without its last line break. `accept` says what is wrong with one; then its file is kept for a day,
   * and the problem names it. Never rejects. When `signal` aborts the program is ended, and the file is kept.
   */
  edit(
    text: string,
    options: { readonly accept: (text: string) => string | undefined; readonly signal: AbortSignal },
  ): Promise<Edited>;
}

/** The program of the setting `interface.editor`. Its permission to be started comes from outside: see `dropViewPermissions`. */
export class ProgramEditor implements TextEditor {
  readonly #command: readonly string[];
  readonly #folder: string;
  readonly #clock: Clock;

  /** `command`: the program and its arguments, the path of the text comes behind them; `folder` is private to this user. */
  constructor(deps: { clock: Clock }, options: { command: string | undefined; folder: string }) {
    this.#clock = deps.clock;
    this.#command = wordsOf(options.command);
    this.#folder = options.folder;
  }

  async refusal(): Promise<string | undefined> {
    const [program] = this.#command;
    if (program === undefined) {
      return 'Cannot open an editor: none is set; start the portal with BZZZ_EDITOR="${VISUAL:-$EDITOR}"';
    }
    const { state } = await Deno.permissions.query({ name: "run", command: program });
    if (state === "granted") return undefined;
    return `Cannot open "${program}": this program may not start it, or it is not there; start the portal with BZZZ_EDITOR=${program}`;
  }

  async edit(text: string, options: Parameters<TextEditor["edit"]>[1]): Promise<Edited> {
    const failed = (problem: string): Edited => ({ type: "failed", problem });
    let folder: string | undefined;
    let isKept = false;
    try {
      await this.#sweep();
      folder = await Deno.makeTempDir({ dir: this.#folder, prefix: PREFIX }); // 0700
      const path = join(folder, "message.md");
      await Deno.writeTextFile(path, text === "" ? "" : `${text}\n`, { createNew: true, mode: 0o600 });
      const status = await this.#run(path, options.signal);
      if (options.signal.aborted) {
        isKept = true;
        return failed(`The portal ended; the text is kept for a day at least in ${path}`);
      }
      if (!status.success) {
        const how = status.signal === null ? `with status ${status.code}` : `by ${status.signal}`;
        return failed(`The editor ended ${how}: the line is as it was`);
      }
      const { size } = await Deno.stat(path);
      const edited = size > MAX_FILE_BYTES ? undefined : (await Deno.readTextFile(path)).replace(/\n+$/, "");
      const problem = edited === undefined
        ? `it has ${size} bytes, at most ${MAX_FILE_BYTES} are read`
        : options.accept(edited);
      if (edited !== undefined && problem === undefined) return { type: "edited", text: edited };
      isKept = true;
      return failed(`Cannot take the text: ${problem}; it is kept for a day at least in ${path}`);
    } catch (error) {
      return failed(`Cannot edit: ${errorMessage(error)}`);
    } finally {
      if (folder !== undefined && !isKept) await Deno.remove(folder, { recursive: true }).catch(() => {}); // swept in a day
    }
  }

  /** Ends with its program, also when that was told to end and does not. */
  async #run(path: string, signal: AbortSignal): Promise<Deno.CommandStatus> {
    const [program = "", ...args] = this.#command;
    const child = new Deno.Command(program, {
      args: [...args, path],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
    let killing: ReturnType<Clock["setTimer"]> | undefined;
    const end = (): void => {
      child.kill("SIGTERM");
      killing = this.#clock.setTimer(END_MS, () => child.kill("SIGKILL"));
    };
    signal.addEventListener("abort", end, { once: true });
    try {
      if (signal.aborted) end();
      return await child.status;
    } finally {
      killing?.cancel();
      signal.removeEventListener("abort", end);
    }
  }

  /** Texts of portals that were killed, and that nobody came back for. */
  async #sweep(): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(this.#folder)) {
      if (!isDirectory || !name.startsWith(PREFIX)) continue;
      const path = join(this.#folder, name);
      const { mtime } = await Deno.stat(path);
      if (mtime && this.#clock.nowMs() - mtime.getTime() > KEPT_MS) await Deno.remove(path, { recursive: true });
    }
  }
}

/** A program and its arguments, as a setting has them. */
export function wordsOf(command: string | undefined): string[] {
  return command?.trim().split(/\s+/).filter((word) => word !== "") ?? [];
}
