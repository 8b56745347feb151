/**
 * The address of the next page in a `Link` header (RFC 8288), as it stands there; undefined when there is none. The last
 * page has no such link.
 */
export function nextLink(header: string | null): string | undefined {
  for (const [, target, parameters = ""] of (header ?? "").matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"\s*next\s*"|next)\s*(?:[;,]|$)/i.test(parameters)) return target;
  }
  return undefined;
}
