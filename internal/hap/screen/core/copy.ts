import { sanitiseLine } from "@bzzz/cli";
import type { Step } from "./events.ts";
import type { Model } from "./model.ts";

/** Copies the first of several addresses, and says how many more there are. */
export function copyFirst(model: Model, addresses: readonly string[]): Step<Model> {
  const [first, ...others] = addresses;
  if (first === undefined) return { model: { ...model, hint: "Nothing here has an address" }, effects: [] };
  const which = others.length === 0 ? "the address" : `the first of ${others.length + 1} addresses`;
  return {
    model: { ...model, hint: `Copied ${which}, where the terminal allows that` },
    effects: [{ type: "copy", text: sanitiseLine(first) }],
  };
}
