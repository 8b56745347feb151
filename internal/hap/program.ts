import { ApiClient } from "@bzzz/api";
import type { ExitStatus } from "@bzzz/cli";
import { EXIT } from "@bzzz/cli";
import { homePaths, type NodeContext, type RuntimeServices, VERSION } from "@bzzz/runtime";
import { HAPExecution, type TerminalInterface } from "./execution.ts";
import { LinePortal } from "./terminal/line_portal.ts";
import { createProcessTerminal } from "./terminal/process_terminal.ts";

/** The portal without an interface: a peer that keeps the journal and answers the API, until it is stopped. */
class NoInterface implements TerminalInterface {
  readonly #ended = Promise.withResolvers<ExitStatus>();
  readonly done: Promise<ExitStatus> = this.#ended.promise;

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#ended.resolve(EXIT.ok);
    return Promise.resolve();
  }
}

/** What `bzzz-hap` does on top of the shared services: its prompt, over the API of the node in this very process. */
export function createHapExecution(
  services: Readonly<RuntimeServices>,
  context: NodeContext,
): HAPExecution<RuntimeServices> {
  const { config } = context;
  const hasInterface = config.interface.mode === "terminal" && config.interface.autoStartInterface;
  const token = hasInterface ? Deno.readTextFileSync(homePaths(context.home).writeToken).trim() : "";
  return new HAPExecution<RuntimeServices>({
    interfaceOf: () => hasInterface ? createPortal(services, context, token) : new NoInterface(),
  });
}

function createPortal(
  { api }: Readonly<RuntimeServices>,
  { clock, random, env, profile }: NodeContext,
  token: string,
): LinePortal {
  // no port and no network: the requests go straight into the API of this process
  const client = new ApiClient({ fetch: (request) => api.fetch(request), clock, random }, {
    baseUrl: "http://localhost",
    token,
  });
  return new LinePortal({
    terminal: createProcessTerminal(env),
    client,
    clock,
    program: { name: "bzzz-hap", binaryType: profile.binaryType, version: VERSION },
  });
}
