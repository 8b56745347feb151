import { atTemporal, formatAddress } from "@bzzz/ucxl";
import type { Version } from "./types.ts";

/** The address that names this version for ever: its time, and its revision where it has one. */
export function citationOf(version: Version): string {
  const atMs = version.writtenAt.ms;
  return formatAddress({
    ...atTemporal(version.address, { type: "at", atMs }),
    ...(version.content ? { query: `rev=${version.content.revision}` } : {}),
  });
}
