import type { Logger } from "@bzzz/logging";
import { protocolError } from "../supervised_group.ts";
import { type AcpConnection, AcpRefusal } from "./connection.ts";
import { notStarted } from "./failures.ts";
import { type Initialized, initialized, PROTOCOL_VERSION, RPC, sessionOpened } from "./protocol.ts";
import { wordsOf } from "./words.ts";

/** What the beginning of a session needs. */
export interface OpeningDeps {
  readonly connection: Pick<AcpConnection, "call">;
  readonly logger: Logger;
  /** Milliseconds that each answer may take. */
  readonly startMs: number;
  /** The folder of the session. */
  readonly cwd: string;
  /** What the program wrote that was no message, for a message of ours. */
  readonly words: () => string;
  /** It speaks the protocol, and may call itself something. */
  readonly onAnswered: (program: string | undefined) => void;
}

/** A session that is open. */
export interface OpenSession {
  readonly sessionId: string;
  /** It is that of an earlier run. */
  readonly isLoaded: boolean;
}

/**
 * Agrees on the protocol, and opens the session `before` where it can be had, otherwise a new one.
 *
 * @throws ExecutorError "start_failed" with what to do; "protocol_broken"
 */
export async function openSession(deps: OpeningDeps, before: string | undefined): Promise<OpenSession> {
  const info = await initialize(deps);
  const place = { cwd: deps.cwd, mcpServers: [] };
  if (
    before !== undefined && info.agentCapabilities?.loadSession && await isLoaded(deps, { sessionId: before, ...place })
  ) {
    return { sessionId: before, isLoaded: true };
  }
  const opened = sessionOpened().safeParse(await ask(deps, "session/new", place, info));
  if (!opened.success) throw protocolError("its answer to session/new has no session");
  return { sessionId: opened.data.sessionId, isLoaded: false };
}

async function initialize(deps: OpeningDeps): Promise<Initialized> {
  const answer = await ask(deps, "initialize", {
    protocolVersion: PROTOCOL_VERSION,
    // no terminal: commands are the program's own, in its group and within its limits
    clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: false },
    clientInfo: { name: "bzzz-agent", title: "BZZZ agent", version: "1" },
  });
  const parsed = initialized().safeParse(answer);
  if (!parsed.success) throw notStarted("its answer to initialize is none of the Agent Client Protocol");
  const { protocolVersion, agentInfo } = parsed.data;
  if (protocolVersion !== PROTOCOL_VERSION) {
    throw notStarted(
      `it speaks version ${protocolVersion} of the Agent Client Protocol, and this agent speaks version ` +
        `${PROTOCOL_VERSION}: install a version of it that does`,
    );
  }
  deps.onAnswered(agentInfo?.title ?? agentInfo?.name);
  return parsed.data;
}

async function isLoaded(deps: OpeningDeps, params: { readonly sessionId: string }): Promise<boolean> {
  try {
    await call(deps, "session/load", params);
    return true;
  } catch (error) {
    if (!(error instanceof AcpRefusal)) throw error;
    deps.logger.info("The session of a coding agent cannot be loaded; its work goes on in a new one", {
      rpc: error.rpcCode,
    });
    return false;
  }
}

/** A call whose refusal is the end. */
async function ask(deps: OpeningDeps, method: string, params: unknown, info?: Initialized): Promise<unknown> {
  try {
    return await call(deps, method, params);
  } catch (error) {
    if (!(error instanceof AcpRefusal)) throw error;
    if (error.rpcCode !== RPC.authRequired) {
      throw notStarted(`it refuses ${method}: ${wordsOf(error.message, 300)}`);
    }
    const ways = info?.authMethods?.map(({ name }) => wordsOf(name, 60)).join(", ");
    throw notStarted(
      `it wants its user to log in first${
        ways ? ` (${ways})` : ""
      }: log in with the program itself, as the user of this ` +
        "agent, and let executor.acp.env hand over HOME, or the variable with its key",
    );
  }
}

async function call({ connection, startMs, words }: OpeningDeps, method: string, params: unknown): Promise<unknown> {
  return await connection.call(method, params, {
    timeoutMs: startMs,
    onTimeout: () => notStarted(`it did not answer ${method} within ${startMs} ms${words()}`),
  });
}
