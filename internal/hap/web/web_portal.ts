import type { ApiClient } from "@bzzz/api";
import { abortable, type Clock, errorMessage, type Random } from "@bzzz/base";
import { createTimeFormat, EXIT, type ExitStatus, type TimeFormat } from "@bzzz/cli";
import { listenAndServe, type ListeningServer } from "@bzzz/health";
import { createNullLogger } from "@bzzz/logging";
import { UcxiClient } from "@bzzz/ucxi";
import { LINK_TTL_MS, Sessions } from "@bzzz/web";
import type { TerminalInterface } from "../execution.ts";
import type { PersonLibraries } from "../libraries.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { LiveUpdates } from "./live.ts";

/** What the page as an interface is made of. */
export interface WebPortalDeps {
  /** Shows the login link; where nobody is at it, `keepLink` is used. */
  readonly terminal: Terminal;
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly libraries: PersonLibraries;
  readonly format?: TimeFormat;
  /** Keeps the login link where only this user can read it, and says where that is. */
  readonly keepLink: (link: string) => Promise<string>;
}

/**
 * The portal as a page for the browsers of this machine: it listens on loopback alone, and lets in who has the login link that the
 * terminal shows. Enter in the terminal gives another link.
 */
export class WebPortal implements TerminalInterface {
  readonly #deps: WebPortalDeps;
  readonly #options: { readonly port: number; readonly isObserver: boolean };
  readonly #sessions: Sessions;
  readonly #live: LiveUpdates;
  readonly #stopping = new AbortController();
  #server: ListeningServer | undefined;
  #done: Promise<ExitStatus> | undefined;

  constructor(deps: WebPortalDeps, options: { readonly port: number; readonly isObserver: boolean }) {
    this.#deps = deps;
    this.#options = options;
    this.#sessions = new Sessions(deps);
    this.#live = new LiveUpdates(deps);
  }

  /** Listens and shows the link. @throws HealthError "port_in_use", "listen_not_permitted", "listen_failed" */
  async start(): Promise<void> {
    if (this.#done) return;
    const { client, clock, random, libraries, format = createTimeFormat() } = this.#deps;
    const { createPage } = await import("./app.tsx");
    const port = Promise.withResolvers<number>();
    // Made with the first request: only then the port is known, when the system chose it.
    const page = port.promise.then((port) =>
      createPage({
        client,
        context: new UcxiClient({ ...client.connection, clock, random }, client.connection),
        clock,
        format,
        libraries,
        isObserver: this.#options.isObserver,
        sessions: this.#sessions,
        live: this.#live,
        report: (problem) => void this.#tell(`A page failed: ${problem}`),
      }, { port })
    );
    const server = listenAndServe(
      { clock, logger: createNullLogger() },
      async (request) => await (await page)(request),
      { hostname: "127.0.0.1", port: this.#options.port, name: "page" },
    );
    port.resolve(server.port);
    this.#server = server;
    this.#live.start();
    this.#done = this.#run(server);
  }

  /** Resolves with the status once it has ended; never rejects. */
  get done(): Promise<ExitStatus> {
    return this.#done ?? Promise.resolve(EXIT.ok);
  }

  /** Ends it: every login with it. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException("The page was stopped", "AbortError"));
    await this.done;
  }

  async #run(server: ListeningServer): Promise<ExitStatus> {
    const { signal } = this.#stopping;
    try {
      await this.#showLink(server.url);
      await abortable(this.#follow(server.url), signal);
      return EXIT.ok;
    } catch (error) {
      if (signal.aborted) return EXIT.ok;
      await this.#tell(`The page cannot go on: ${errorMessage(error)}`);
      return EXIT.failure;
    } finally {
      this.#stopping.abort(new DOMException("The page has ended", "AbortError"));
      await this.#live.stop();
      await server.stop();
    }
  }

  /** A new link for every line at the terminal; without one, for as long as the page runs. */
  async #follow(url: string): Promise<void> {
    const { terminal } = this.#deps;
    if (terminal.input === "keys") {
      const decoder = new TextDecoder();
      for await (const chunk of terminal.read()) {
        if (/[\r\n]/.test(decoder.decode(chunk, { stream: true }))) await this.#showLink(url);
      }
    }
    await new Promise<never>(() => {}); // until `stop`
  }

  async #showLink(url: string): Promise<void> {
    const { terminal, keepLink } = this.#deps;
    const link = `${url}/login?code=${this.#sessions.createLink()}`;
    if (terminal.input !== "keys") {
      await terminal.writeTalk(`The page is at ${url}; the login link is in ${await keepLink(link)}\n`);
      return;
    }
    await terminal.write(
      `Log in, once, within ${
        LINK_TTL_MS / 60_000
      } minutes:\n  ${link}\nEnter shows a new link. Ctrl-C ends the page.\n`,
    );
  }

  async #tell(text: string): Promise<void> {
    await this.#deps.terminal.writeTalk(`${text}\n`).catch(() => {}); // nobody is there to be told
  }
}
