/**
 * A program in a real terminal: a tmux server of its own, keys typed into it, the screen read as text.
 *
 * @module
 */
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "./patience.ts";

/** Whether this machine has tmux. */
export async function hasTmux(): Promise<boolean> {
  try {
    return (await new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** One window of a private tmux server; `await using` ends what runs in it. */
export class TmuxWindow implements AsyncDisposable {
  readonly #socket: string;
  readonly #folder: string;

  readonly #endBy: Deno.Signal;

  private constructor(folder: string, endBy: Deno.Signal) {
    this.#folder = folder;
    this.#endBy = endBy;
    this.#socket = `${folder}/tmux.sock`;
  }

  /**
   * Starts `argv` with exactly this environment in a window of that size. `endBy` ends it, SIGTERM unless given: a shell at its prompt
   * takes only SIGHUP.
   */
  static async open(
    argv: readonly string[],
    options: { columns: number; rows: number; env: Readonly<Record<string, string>>; endBy?: Deno.Signal },
  ): Promise<TmuxWindow> {
    const window = new TmuxWindow(await Deno.makeTempDir({ prefix: "bzzz-tmux-" }), options.endBy ?? "SIGTERM");
    const env = Object.entries({ TERM: "tmux-256color", LANG: "C.UTF-8", ...options.env }).map(([key, value]) =>
      quote(`${key}=${value}`)
    );
    const line = `exec env -i ${env.join(" ")} ${argv.map(quote).join(" ")}`;
    const size = ["-x", String(options.columns), "-y", String(options.rows)];
    // The pane stays when its program has ended: what it left on the screen is what the test looks at.
    await window.#run([
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      ...size,
      "sh",
      ";",
      "set",
      "-g",
      "remain-on-exit",
      "on",
      ";",
      "set", // what a program copies (OSC 52) goes into the buffer
      "-g",
      "set-clipboard",
      "on",
    ]);
    await window.#run(["respawn-pane", "-k", line]);
    return window;
  }

  /** The screen as text. */
  async text(): Promise<string> {
    return await this.#run(["capture-pane", "-p"]);
  }

  /** Types the text as keys. */
  async type(text: string): Promise<void> {
    await this.#run(["send-keys", "-l", text]);
  }

  /** Presses keys by tmux' names: Enter, M-r, C-c. */
  async press(...keys: string[]): Promise<void> {
    await this.#run(["send-keys", ...keys]);
  }

  /** Pastes, marked as such where the program asked for that. */
  async paste(text: string): Promise<void> {
    await this.#run(["set-buffer", text]);
    await this.#run(["paste-buffer", "-p"]);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#run(["resize-window", "-x", String(columns), "-y", String(rows)]);
  }

  /** What was copied last; undefined: nothing yet. */
  async clipboard(): Promise<string | undefined> {
    const buffers = await this.#run(["list-buffers"]);
    return buffers === "" ? undefined : await this.#run(["show-buffer"]);
  }

  /** A variable of the pane: alternate_on, pane_title, pane_pid, pane_dead. */
  async variable(name: string): Promise<string> {
    return (await this.#run(["display-message", "-p", `#{${name}}`])).trim();
  }

  /**
   * How the program ended, once it has: its exit status, or the name of a signal. The server is told once more that a child of
   * its has ended: tmux 3.3a misses the first notice in about half of all runs when the terminal is closed at the same moment.
   */
  async end(): Promise<string> {
    await waitFor(async () => await this.variable("pane_dead") === "1", { timeoutMs: PATIENCE_MS, what: "its end" });
    Deno.kill(Number(await this.variable("pid")), "SIGCHLD");
    return await waitFor(
      async () => await this.variable("pane_dead_status") || await this.variable("pane_dead_signal"),
      { timeoutMs: PATIENCE_MS, what: "how it ended" },
    );
  }

  /** Waits until the screen shows it. */
  async shows(what: string | RegExp): Promise<string> {
    let last = "";
    return await waitFor(async () => {
      last = await this.text();
      return (typeof what === "string" ? last.includes(what) : what.test(last)) && last;
    }, { timeoutMs: PATIENCE_MS, what: String(what), state: () => last });
  }

  /** Resolves once the program has ended, too: what it still writes at its end is not in the way of who cleans up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (await this.variable("pane_dead") === "0") {
      try {
        Deno.kill(Number(await this.variable("pane_pid")), this.#endBy);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error; // it ended by itself meanwhile
      }
      await waitFor(async () => await this.variable("pane_dead") === "1", {
        timeoutMs: PATIENCE_MS,
        what: "the end of the program",
      });
    }
    await this.#run(["kill-server"]).catch(() => {}); // it has ended with its last program
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #run(args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", this.#socket, ...args],
      env: { TERM: "xterm-256color", LANG: "C.UTF-8" },
    }).output();
    if (!success) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
