/** Ollama lists "qwen3" as "qwen3:latest", and takes either. */
export function isSameModel(configured: string, offered: string): boolean {
  return configured === offered || `${configured}:latest` === offered;
}

const MAX_TOLD_OFFERS = 10;

/** What is wrong and what to do, where a server answers and has none of the models. */
export function missingModels(
  url: string,
  models: readonly { readonly name: string }[],
  offered: readonly string[],
): string {
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
  const more = offered.length > MAX_TOLD_OFFERS ? ` and ${offered.length - MAX_TOLD_OFFERS} more` : "";
  const has = offered.length === 0 ? "it has none" : `it has ${quoted(offered.slice(0, MAX_TOLD_OFFERS))}${more}`;
  return `${url} has no model ${quoted(models.map(({ name }) => name))}; ${has}; ` +
    "load it there, or name another in executor.model.models";
}
