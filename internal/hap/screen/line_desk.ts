import { errorMessage } from "@bzzz/base";
import { type EditorState, MAX_LINE_CHARACTERS } from "../terminal/line_editor.ts";
import type { ScreenEvent } from "./core/events.ts";
import { lineOf } from "./core/update.ts";
import type { Foreground } from "./foreground.ts";
import type { TextEditor } from "./text_editor.ts";

/** What takes the terminal away from the screen for a while: the shell, and the editor of the line. */
export class LineDesk {
  readonly #deps: {
    readonly editor: TextEditor;
    readonly foreground: Foreground;
    readonly line: () => EditorState;
    readonly tell: (event: ScreenEvent) => void;
    readonly signal: AbortSignal;
  };
  #ended: Promise<void> = Promise.resolve();

  /** `line` is what is typed now; it ends with `signal`. */
  constructor(
    deps: {
      editor: TextEditor;
      foreground: Foreground;
      line: () => EditorState;
      tell: (event: ScreenEvent) => void;
      signal: AbortSignal;
    },
  ) {
    this.#deps = deps;
  }

  /** Resolves once no program has the terminal any more; soon after the signal has aborted. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Stops this process until a shell lets it go on. */
  async suspend(): Promise<void> {
    const { foreground, signal } = this.#deps;
    if (await foreground.suspend(signal)) return;
    this.#hint("Cannot suspend: no shell that could go on with it has started this program");
  }

  /** Opens the line in the person's editor. */
  async edit(): Promise<void> {
    if (this.#deps.foreground.isAway) return;
    const editing = this.#edit();
    this.#ended = editing.catch(() => {}); // its failure is told by who called
    await editing;
  }

  async #edit(): Promise<void> {
    const { editor, foreground, signal, line, tell } = this.#deps;
    const refusal = await editor.refusal();
    if (refusal !== undefined || foreground.isAway) return refusal === undefined ? undefined : this.#hint(refusal);
    const accept = (text: string) =>
      text.trim() !== "" && lineOf(line(), text).text === ""
        ? `a line has at most ${MAX_LINE_CHARACTERS} characters`
        : undefined;
    const edited = await foreground.lend(() => editor.edit(withBreaks(line().text), { accept, signal }), {
      asked: () => this.#hint("Press a key to open the editor"),
      signal,
    }).catch((error) => ({ type: "failed" as const, problem: errorMessage(error) }));
    if (edited.type === "edited") tell({ type: "edited", text: edited.text });
    else tell({ type: "output", text: edited.problem, isTalk: true });
  }

  #hint(text: string): void {
    this.#deps.tell({ type: "hint", text });
  }
}

/** A line stands for a text of several: its marks are line breaks there, as they become marks on the way back. */
function withBreaks(line: string): string {
  return line.replaceAll(/ *\u23ce */g, "\n");
}
