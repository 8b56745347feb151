/**
 * The page of a built portal: a view of a running node, and its login link.
 *
 * @module
 */
import { waitFor } from "@bzzz/base/testing";
import { PATIENCE_MS } from "./patience.ts";
import { ISOLATED, programEnvironment, programPath } from "./programs.ts";

/** `bzzz-hap portal --mode web` beside a running node; `await using` ends it. */
export class PageProcess implements AsyncDisposable {
  /** Works once. */
  readonly link: string;
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<unknown>;

  private constructor(child: Deno.ChildProcess, drained: Promise<unknown>, link: string) {
    this.#child = child;
    this.#drained = drained;
    this.link = link;
  }

  /** Where the page is. */
  get origin(): string {
    return new URL(this.link).origin;
  }

  static async open(home: string, flags: readonly string[] = []): Promise<PageProcess> {
    const file = `${home}/run/page.url`;
    await Deno.remove(file).catch(() => {}); // the first page of this node
    const child = new Deno.Command(programPath("bzzz-hap"), {
      args: ["portal", "--home", home, "--mode", "web", ...flags],
      env: { ...programEnvironment(), ...ISOLATED, BZZZ_PORTS_ADMIN_UI_PORT: "0" },
      clearEnv: true,
      stdin: "piped", // no person at a terminal: the link goes to the file
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let said = "";
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) said += text;
    };
    const drained = Promise.all([read(child.stdout), read(child.stderr)]);
    const link = await waitFor(async () => (await Deno.readTextFile(file).catch(() => "")).trim(), {
      timeoutMs: PATIENCE_MS,
      what: "the login link",
      state: () => said,
    });
    return new PageProcess(child, drained, link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.stdin.close();
    await this.#child.status;
    await this.#drained;
  }
}
