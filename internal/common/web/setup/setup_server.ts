import { abortable, type Clock, type Random } from "@bzzz/base";
import type { SetupPageResult } from "@bzzz/cli";
import { listenAndServe } from "@bzzz/health";
import { createNullLogger } from "@bzzz/logging";
import { LINK_TTL_MS, Sessions } from "../sessions.ts";
import { createSetupPage } from "./app.tsx";
import { type MeshShares, SetupFlow, type SetupFlowDeps } from "./setup_flow.ts";

/** What serving a setup needs beside the setup itself. */
export interface SetupServerDeps extends Omit<SetupFlowDeps, "signal" | "ownPort"> {
  readonly clock: Clock;
  readonly random: Random;
  /** Shows a login link to the person, or keeps it for them; called again when nobody has used it in its time. */
  readonly showLink: (link: string, options: { readonly url: string }) => Promise<void>;
  /** Told when the page ends before the person has said that they kept the shares of a mesh that was made. */
  readonly onSharesLeft: (shares: MeshShares) => Promise<void>;
  /** Told of a request that broke. */
  readonly report: (problem: string) => void;
}

/**
 * Serves the setup on loopback until it is done. Rejects with the reason of `signal`; the answers are kept.
 * @throws HealthError "port_in_use", "listen_not_permitted", "listen_failed"
 */
export async function serveSetup(
  deps: SetupServerDeps,
  options: { readonly port: number; readonly isBegunAnew: boolean; readonly signal: AbortSignal },
): Promise<SetupPageResult> {
  const { clock } = deps;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const flow = await SetupFlow.begin({ ...deps, signal, ownPort: () => server.port }, options);
  const sessions = new Sessions(deps);
  const server = listenAndServe(
    { clock, logger: createNullLogger() },
    (request) => page(request),
    { hostname: "127.0.0.1", port: options.port, name: "setup" },
  );
  const page = createSetupPage({ flow, sessions, report: deps.report }, { port: server.port });
  const showLink = async () => {
    await deps.showLink(`${server.url}/login?code=${sessions.createLink()}`, { url: server.url });
  };
  try {
    return await Promise.race([abortable(flow.done, signal), keepLinkFresh({ clock, sessions, showLink, signal })]);
  } catch (error) {
    if (flow.unkeptShares) await deps.onSharesLeft(flow.unkeptShares);
    throw error;
  } finally {
    ended.abort(new DOMException("The setup has ended", "AbortError"));
    await server.stop();
  }
}

/** Never resolves: a link until one was used, each for its time. */
async function keepLinkFresh(
  { clock, sessions, showLink, signal }: {
    readonly clock: Clock;
    readonly sessions: Sessions;
    readonly showLink: () => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<never> {
  do {
    await showLink();
    await clock.sleep(LINK_TTL_MS, { signal });
  } while (!sessions.isLinkUsed);
  return await abortable(new Promise<never>(() => {}), signal);
}
