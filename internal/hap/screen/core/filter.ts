import type { ListState } from "./model.ts";

/** Whether a list with this filter shows a row that says `text`: it has the letters, or with "!" in front it has them not. */
export function passes({ filter }: Pick<ListState, "filter">, text: string): boolean {
  const wanted = filter?.text.toLowerCase() ?? "";
  const isInverted = wanted.startsWith("!");
  const words = isInverted ? wanted.slice(1) : wanted;
  return words === "" || text.toLowerCase().includes(words) !== isInverted;
}
