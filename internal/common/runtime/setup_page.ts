import type { Clock, Random } from "@bzzz/base";
import type { GlobalFlags, ProgramHooks, SetupPageResult } from "@bzzz/cli";
import { keepPageLink, removePageLink } from "./keep_link.ts";
import type { BinaryProfile } from "./profiles.ts";

/** What a setup on a page stands on. */
export interface SetupPageDeps {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly hooks: Pick<ProgramHooks, "setup" | "init" | "join" | "wordsOfShares">;
  /** Somebody sees what `tell` says, and nobody else does. */
  readonly hasPerson: boolean;
  readonly tell: (text: string) => Promise<void>;
}

/** `setup --page`, and `run` in a terminal on a data directory that needs a setup: the page, from its link to its end. */
export async function serveSetupPage(
  { profile, clock, random, hooks, hasPerson, tell }: SetupPageDeps,
  options: {
    readonly globals: GlobalFlags;
    readonly home: string;
    readonly port: number;
    readonly isBegunAnew: boolean;
    readonly signal: AbortSignal;
  },
): Promise<SetupPageResult> {
  const { globals, home } = options;
  const { serveSetup, LINK_TTL_MS } = await import("@bzzz/web");
  const showLink = async (link: string, { url }: { readonly url: string }) => {
    if (!hasPerson) {
      return await tell(`The setup is at ${url}; the login link is in ${await keepPageLink(home, link)}`);
    }
    await tell(
      `Set this node up on a page, with this link, once, within ${LINK_TTL_MS / 60_000} minutes:\n  ${link}\n` +
        `Ctrl-C leaves it, and what was answered is kept; "${profile.program} setup" asks the same in the terminal.`,
    );
  };
  try {
    return await serveSetup({
      desk: hooks.setup,
      hooks,
      globals,
      clock,
      random,
      showLink,
      onSharesLeft: async ({ meshName, threshold, shares }) => {
        const made = `Mesh ${meshName} is created, and the page was left before you kept its recovery shares`;
        // without a person this goes to a log, which is no place for them
        if (!hasPerson) return await tell(`${made}: they are gone; to have some, begin again with "init --force"`);
        await tell(`${made} (any ${threshold} restore the root key; keep them apart):\n${shares.join("\n")}`);
      },
      report: (problem) => void tell(`A page failed: ${problem}`).catch(() => {}), // nobody is there to be told
    }, options);
  } finally {
    if (!hasPerson) await removePageLink(home);
  }
}
