import type { CheckResult } from "@bzzz/cli";
import type { Clock, Random } from "@bzzz/base";
import type { AgentConfig, Config } from "@bzzz/config";
import { isSameModel, missingModels, ModelClient, type ModelClientOptions, type ModelFetch } from "@bzzz/model";
import { passphraseFileIn } from "./passphrase.ts";

const MS_PER_SECOND = 1000;

/** What the configuration means for whoever asks the server of the models. */
export function modelClientOptions(
  { url, api, tokenFile, timeoutSeconds }: AgentConfig["executor"]["model"],
  home: string,
): ModelClientOptions {
  return {
    url,
    api,
    timeoutMs: timeoutSeconds * MS_PER_SECOND,
    ...(tokenFile === undefined ? {} : { tokenFile: passphraseFileIn(home, tokenFile) }),
  };
}

/** For `doctor`: whether the server answers, and which of the configured models it has. Undefined where none is used. */
export function checkModel(
  deps: { readonly fetch: ModelFetch; readonly clock: Clock; readonly random: Random; readonly home: string },
  config: Config,
): Promise<Omit<CheckResult, "name">> | undefined {
  if (config.binaryType !== "agent" || config.executor.kind !== "model") return undefined;
  return lookAtModels(
    new ModelClient(deps, modelClientOptions(config.executor.model, deps.home)),
    config.executor.model,
  );
}

async function lookAtModels(
  client: ModelClient,
  { url, models }: AgentConfig["executor"]["model"],
): Promise<Omit<CheckResult, "name">> {
  const offered = await client.list();
  const there = models.filter(({ name }) => offered.some((other) => isSameModel(name, other)));
  if (there.length > 0) return { status: "ok", found: `${there.map(({ name }) => name).join(", ")} at ${url}` };
  return { status: "failed", found: missingModels(url, models, offered), fix: "load one of them, or name another" };
}
