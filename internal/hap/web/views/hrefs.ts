/**
 * Where things are on the page.
 *
 * @module
 */
import { atTemporal, formatAddress, parseConcrete } from "@bzzz/ucxl";

/** Where a version is shown. */
export function versionHref(address: string, n?: number): string {
  const at = n === undefined ? address : formatAddress(atTemporal(parseConcrete(address), { type: "first", n }));
  return `/context/at?${new URLSearchParams({ address: at })}`;
}

/** Where a decision is shown. */
export function decisionHref(address: string): string {
  return `/decisions/at?${new URLSearchParams({ address })}`;
}

/** Where a patch is shown. */
export function patchHref(address: string): string {
  return `/patches/at?${new URLSearchParams({ address })}`;
}

/** Where a patch for an address is written. */
export function newPatchHref(address: string): string {
  return `/patches/new?${new URLSearchParams({ address })}`;
}

/** Where a version of a thing is written. */
export function writeHref(address: string): string {
  return `/context/write?${new URLSearchParams({ address })}`;
}

/** Where a thread is shown. */
export function threadHref(thread: string): string {
  return `/threads?${new URLSearchParams({ thread })}`;
}

/** Where what is derived about an address is shown. */
export function slurpHref(view: "context" | "graph" | "alignment", address: string): string {
  return `/slurp/${view}?${new URLSearchParams({ address })}`;
}
