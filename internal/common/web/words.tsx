/**
 * How text of others gets onto a page: sanitised as in a terminal, escaped by the renderer, and apart from the text around it, so that
 * letters that run the other way do not move ours.
 *
 * @module
 */
import { sanitiseLine, sanitiseText } from "@bzzz/cli";
import type { JSX } from "hono/jsx/jsx-runtime";

/** What a part of a page is. */
export type Html = JSX.Element;

/** Words of somebody else, in a line. */
export function Said({ text, max }: { readonly text: string; readonly max?: number }): Html {
  return <bdi>{sanitiseLine(text, max)}</bdi>;
}

/** Text of somebody else, with its line breaks; nothing is folded. */
export function SaidBlock({ text, label }: { readonly text: string; readonly label: string }): Html {
  return <pre dir="auto" tabindex={0} role="region" aria-label={label}>{sanitiseText(text)}</pre>;
}
