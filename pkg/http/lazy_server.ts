/** A server without a listener: whoever has one hands it requests. */
export interface RequestServer {
  /** Answers every request, never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Ends its streams; the owner calls it before the listener stops. */
  close(): void;
}

/** A server whose routes and schemas are made with its first request, so that a node that nobody asks starts without them. */
export class LazyServer<S extends RequestServer> implements RequestServer {
  readonly #build: () => Promise<S>;
  #building: Promise<S> | undefined;
  #built: S | undefined;
  #isClosed = false;

  /** May be handed on without its server, as clients take it. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const server = this.#built ?? await (this.#building ??= this.#make());
    return await server.fetch(request);
  };

  /** `build` is called once, whoever asks first. */
  constructor(build: () => Promise<S>) {
    this.#build = build;
  }

  /** The server itself; undefined until the first request has made it. */
  get built(): S | undefined {
    return this.#built;
  }

  /** A server that is only being made is closed as soon as it is there. */
  close(): void {
    this.#isClosed = true;
    this.#built?.close();
  }

  async #make(): Promise<S> {
    const server = await this.#build();
    this.#built = server;
    if (this.#isClosed) server.close();
    return server;
  }
}
