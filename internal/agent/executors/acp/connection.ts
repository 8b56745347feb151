import { BzzzError, type Clock, errorMessage } from "@bzzz/base";
import { RPC } from "./protocol.ts";

/** What the other side answered instead of a result. */
export class AcpRefusal extends BzzzError<"acp_refused"> {
  /** The number of the JSON-RPC error. */
  readonly rpcCode: number;

  constructor(rpcCode: number, message: string) {
    super("acp_refused", message, { details: { rpc: rpcCode } });
    this.rpcCode = rpcCode;
  }
}

/** What an `AcpConnection` is made of. */
export interface ConnectionDeps {
  readonly clock: Pick<Clock, "setTimer">;
  /** Writes one line to the program. */
  readonly send: (line: string) => void;
  /** Answers a request of the program. @throws AcpRefusal, which the program is told in full */
  readonly onRequest: (method: string, params: unknown) => Promise<unknown>;
  readonly onNotification: (method: string, params: unknown) => void;
  /** A line that is no message of JSON-RPC. */
  readonly onStray: (line: string) => void;
  /** Runs work that nobody waits for. */
  readonly run: (what: string, work: () => Promise<void>) => void;
}

/** Requests of the program that are not answered yet; what comes beyond is refused. */
const MAX_OPEN_REQUESTS = 32;
const MAX_MESSAGE_CHARACTERS = 500;

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** JSON-RPC 2.0, one message a line, both ways. Batches are not of the protocol. */
export class AcpConnection {
  readonly #deps: ConnectionDeps;
  readonly #calls = new Map<number, Pending>();
  #nextId = 0;
  #openRequests = 0;
  #closed: { readonly reason: unknown } | undefined;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  /**
   * Asks the program, and waits for its answer; for at most `timeoutMs` when that is given.
   *
   * @throws AcpRefusal when it answers with an error; what `onTimeout` makes; the reason of `close`
   */
  async call(
    method: string,
    params: unknown,
    limit?: { readonly timeoutMs: number; readonly onTimeout: () => Error },
  ): Promise<unknown> {
    if (this.#closed) throw this.#closed.reason;
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.set(id, { resolve, reject });
    const timer = limit && this.#deps.clock.setTimer(limit.timeoutMs, () => reject(limit.onTimeout()));
    this.#send({ id, method, params });
    try {
      return await promise;
    } finally {
      timer?.cancel();
      this.#calls.delete(id);
    }
  }

  notify(method: string, params: unknown): void {
    if (!this.#closed) this.#send({ method, params });
  }

  /** Takes a line of the program. */
  receive(line: string): void {
    const message = parseMessage(line);
    if (!message) return this.#deps.onStray(line);
    const { method, id, params } = message;
    if (typeof method !== "string") return this.#settle(message);
    if (id === undefined) return this.#deps.onNotification(method, params);
    this.#answer(id, method, params);
  }

  /** Nothing more comes: whoever waits for an answer gets `reason`. The first reason counts. */
  close(reason: unknown): void {
    this.#closed ??= { reason };
    for (const { reject } of this.#calls.values()) reject(this.#closed.reason);
  }

  /** An answer that nobody waits for is left alone. */
  #settle({ id, result, error }: Message): void {
    const pending = typeof id === "number" ? this.#calls.get(id) : undefined;
    if (!pending) return;
    if (error === undefined) pending.resolve(result);
    else pending.reject(refusalOf(error));
  }

  #answer(id: unknown, method: string, params: unknown): void {
    if (this.#openRequests >= MAX_OPEN_REQUESTS) {
      const message = `more than ${MAX_OPEN_REQUESTS} requests are open`;
      return this.#send({ id, error: { code: RPC.internal, message } });
    }
    this.#openRequests++;
    this.#deps.run(`answer ${method}`, async () => {
      try {
        const result = await this.#deps.onRequest(method, params);
        this.#send({ id, result: result ?? null });
      } catch (error) {
        const code = error instanceof AcpRefusal ? error.rpcCode : RPC.internal;
        const message = error instanceof AcpRefusal ? error.message : "the request could not be answered";
        this.#send({ id, error: { code, message } });
      } finally {
        this.#openRequests--;
      }
    });
  }

  #send(message: Readonly<Record<string, unknown>>): void {
    if (!this.#closed) this.#deps.send(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
  }
}

/** Checks what the other side sent. @throws AcpRefusal "invalid params" */
export function checked<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } },
  value: unknown,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AcpRefusal(RPC.invalidParams, errorMessage(parsed.error).slice(0, MAX_MESSAGE_CHARACTERS));
}

interface Message {
  readonly method?: unknown;
  readonly id?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Undefined for what is no message; never throws. */
function parseMessage(line: string): Message | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = value !== null && typeof value === "object" && "jsonrpc" in value;
    return isMessage ? value as Message : undefined; // every member of it is unknown
  } catch {
    return undefined; // text that happens to begin with a brace
  }
}

function refusalOf(error: unknown): AcpRefusal {
  const { code, message } = error !== null && typeof error === "object"
    ? error as { code?: unknown; message?: unknown } // both are looked at below
    : {};
  return new AcpRefusal(
    typeof code === "number" ? code : RPC.internal,
    typeof message === "string" ? message.slice(0, MAX_MESSAGE_CHARACTERS) : "no reason was given",
  );
}
