import {
  assertCanListen,
  listenAndServe,
  type ListeningServer,
  type ListenOptions,
  type ServerHandler,
} from "@bzzz/health";

/** A server that listens from `start` to `stop`, and tells where. */
export class Listener {
  readonly #listen: () => ListeningServer;
  readonly #beforeStop: () => void;
  #server: ListeningServer | undefined;

  private constructor(listen: () => ListeningServer, beforeStop: () => void) {
    this.#listen = listen;
    this.#beforeStop = beforeStop;
  }

  /**
   * One whose place is free now: that a port is taken is known before the node is heard in the mesh, and not after it led a
   * term. `beforeStop` ends what would stream for ever.
   * @throws HealthError "port_in_use", "listen_not_permitted", "listen_failed"
   */
  static prepare(
    deps: Parameters<typeof listenAndServe>[0],
    handler: ServerHandler,
    options: ListenOptions,
    beforeStop: () => void = () => {},
  ): Listener {
    assertCanListen(options);
    return new Listener(() => listenAndServe(deps, handler, options), beforeStop);
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
