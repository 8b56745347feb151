import type { ListeningServer } from "@bzzz/health";

/** A server that listens from `start` to `stop`, and tells where. */
export class Listener {
  readonly #listen: () => ListeningServer;
  readonly #beforeStop: () => void;
  #server: ListeningServer | undefined;

  /** `beforeStop` ends what would stream for ever. */
  constructor(listen: () => ListeningServer, beforeStop: () => void = () => {}) {
    this.#listen = listen;
    this.#beforeStop = beforeStop;
  }

  get server(): ListeningServer | undefined {
    return this.#server;
  }

  /** Listens; a second call does nothing. @throws HealthError "port_in_use", "listen_not_permitted", "listen_failed" */
  start(): void {
    this.#server ??= this.#listen();
  }

  async stop(): Promise<void> {
    this.#beforeStop();
    await this.#server?.stop();
  }
}
