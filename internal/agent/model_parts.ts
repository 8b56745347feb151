import { BzzzError } from "@bzzz/base";
import type { AgentConfig } from "@bzzz/config";
import { ModelClient, type TransportDeps } from "@bzzz/model";
import { modelClientOptions, type NodeContext, type RuntimeServices } from "@bzzz/runtime";
import { parseConcrete } from "@bzzz/ucxl";
import { askForChoice, orderFor } from "./executors/model/choice.ts";
import { type ContextReading, ModelExecutor, type ModelExecutorDeps } from "./executors/model/executor.ts";
import type { ModelSelf } from "./executors/model/prompt.ts";
import { ModelWatch } from "./executors/model/watch.ts";
import type { AuthorLabel } from "./types.ts";

const MS_PER_SECOND = 1000;

/** A model as an executor, and the watch that knows which models there are; who creates it starts and disposes the watch. */
export interface ModelParts {
  readonly executor: ModelExecutor;
  readonly watch: ModelWatch;
}

/** What of the node a model works with; `RuntimeServices` fits. */
export interface ModelServices {
  readonly identity: {
    readonly grant: Pick<RuntimeServices["identity"]["grant"], "agentId" | "role">;
    readonly membership: Pick<RuntimeServices["identity"]["membership"], "grantOf">;
  };
  readonly roles: { readonly directory: Pick<RuntimeServices["roles"]["directory"], "roles"> };
  readonly versionIndex: Pick<RuntimeServices["versionIndex"], "resolve">;
  readonly context: Pick<RuntimeServices["context"], "open">;
}

/** What the configuration means for an executor that asks a model. `onChanged` hears of every change of the models. */
export function createModelParts(
  services: ModelServices,
  context: Pick<NodeContext, "clock" | "random" | "home">,
  config: AgentConfig,
  logger: RuntimeServices["logger"],
  onChanged: () => void,
): ModelParts {
  const { clock, random } = context;
  const settings = config.executor.model;
  const transport = { fetch: (request: Request) => fetch(request), clock, random };
  const client = new ModelClient(transport, modelClientOptions(settings, context.home));
  const watch = new ModelWatch({ clock, logger, client, onChanged }, {
    models: settings.models,
    periodMs: settings.detectSeconds * MS_PER_SECOND,
  });
  const executor = new ModelExecutor({
    client,
    logger,
    models: watch,
    choose: chooser(transport, settings, logger),
    self: () => selfOf(services),
    readContext: settings.readContext ? contextReader(services, clock) : undefined,
    onModelUnfit: () => watch.hurry(),
  }, { maxOutputTokens: settings.maxOutputTokens, maxTurns: settings.maxTurns });
  return { executor, watch };
}

/** The order for a piece of work: the configuration's, and in front of it what the web hook says, if there is one. */
export function chooser(
  transport: TransportDeps,
  { choiceUrl, choiceTimeoutSeconds }: AgentConfig["executor"]["model"],
  logger: RuntimeServices["logger"],
): ModelExecutorDeps["choose"] {
  return async (models, purpose, signal) => {
    const ordered = orderFor(models, purpose);
    if (choiceUrl === undefined) return ordered;
    const hook = { url: choiceUrl, timeoutMs: choiceTimeoutSeconds * MS_PER_SECOND };
    return await askForChoice({ ...transport, logger }, hook, ordered, purpose, signal);
  };
}

function selfOf({ identity: { grant }, roles }: Pick<ModelServices, "identity" | "roles">): ModelSelf {
  return { name: grant.agentId, role: grant.role, definition: roles.directory.roles().get(grant.role) };
}

/** Reads what this node and everybody behind the task may read; the audience is looked at before anything is opened. */
export function contextReader(
  { roles, versionIndex, context, identity: { membership } }: ModelServices,
  clock: Pick<NodeContext["clock"], "nowMs">,
): NonNullable<ModelExecutorDeps["readContext"]> {
  return async (text, readers, signal): Promise<ContextReading> => {
    try {
      const version = versionIndex.resolve(parseConcrete(text));
      const mayRead = roles.directory.roles().readersOf(version.content?.audience ?? []).readers;
      const refused = readers.find(({ role }) => role === undefined || !mayRead.includes(role));
      if (version.content && refused) {
        return { ok: false, problem: `it is not meant for ${refused.role ?? "strangers"}` };
      }
      const { bytes } = await context.open(version, { signal });
      const content = textOf(bytes);
      if (content === undefined) return { ok: false, problem: "it is no text" };
      return { ok: true, author: labelOfAuthor(version.author), text: content };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BzzzError) return { ok: false, problem: error.message };
      throw error;
    }
  };

  function labelOfAuthor(peer: Parameters<typeof membership.grantOf>[0]): AuthorLabel {
    const grant = membership.grantOf(peer, clock.nowMs());
    return { name: grant?.agentId ?? peer, role: grant?.role };
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined; // an image, an archive: nothing that a model of text reads
  }
}
