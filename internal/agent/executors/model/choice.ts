import { errorMessage, once } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { sendJson, type TransportDeps } from "@bzzz/model";
import { z } from "zod";

/** A model that the configuration names. */
export interface ConfiguredModel {
  readonly name: string;
  /** What it is meant for first of all; none: for everything. */
  readonly capabilities: readonly string[];
  /** Millionths of money for a million tokens. */
  readonly inputPrice: number;
  readonly outputPrice: number;
}

/** What a model is wanted for. */
export interface Purpose {
  readonly kind: "plan" | "work" | "summary" | "help";
  readonly title: string;
  readonly requiredCapabilities: readonly string[];
}

/** The one who is asked which model to take. */
export interface ModelChoiceOptions {
  readonly url: string;
  readonly timeoutMs: number;
}

const choice = once(() => z.object({ model: z.string() }));

/**
 * The order of preference for a piece of work: models meant for something that it requires, then those for everything,
 * then those that are meant for something else.
 */
export function orderFor<M extends Pick<ConfiguredModel, "capabilities">>(
  models: readonly M[],
  { requiredCapabilities }: Pick<Purpose, "requiredCapabilities">,
): readonly M[] {
  const rankOf = ({ capabilities }: M): number =>
    capabilities.length === 0 ? 1 : capabilities.some((name) => requiredCapabilities.includes(name)) ? 0 : 2;
  return models.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/**
 * Asks a web hook which of the models to take, and puts that one first. No answer in time, an error, or a model that is
 * not among them changes nothing. Told are the names, what the work is for, its title and what it requires.
 *
 * @throws the reason of `signal`
 */
export async function askForChoice<M extends Pick<ConfiguredModel, "name">>(
  deps: TransportDeps & { readonly logger: Pick<Logger, "warn"> },
  { url, timeoutMs }: ModelChoiceOptions,
  models: readonly M[],
  { kind, title, requiredCapabilities }: Purpose,
  signal: AbortSignal | undefined,
): Promise<readonly M[]> {
  try {
    const json = await sendJson(deps, {
      method: "POST",
      url,
      headers: {},
      body: {
        v: 1,
        models: models.map(({ name }) => name),
        task: { kind, title, required_capabilities: [...requiredCapabilities] },
      },
      timeoutMs,
      what: `${url} for the choice of a model`,
      tries: 1,
      signal,
    });
    const chosen = models.find(({ name }) => name === choice().safeParse(json).data?.model);
    if (chosen) return [chosen, ...models.filter((model) => model !== chosen)];
    deps.logger.warn("The choice of a model is none of those that were offered; the order decides", { url });
  } catch (error) {
    signal?.throwIfAborted();
    deps.logger.warn("Nobody chose a model; the order decides", { url, why: errorMessage(error) });
  }
  return models;
}
