import { ApiError, checkHost } from "@bzzz/http";

/**
 * Nothing runs, loads or is framed but what this page itself serves. Without "unsafe-inline": text of a peer that became markup by a
 * mistake of ours would still do nothing.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // not "no-referrer": with it browsers send the Origin of a form as "null" (Fetch, "append a request Origin header")
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/**
 * Lets through what is addressed to this machine and comes from this very page, port included: a name that was rebound to this machine
 * still sends its own, and another server of this machine is another page.
 * @throws ApiError "host_not_allowed"
 */
export function checkSource(request: Request): void {
  checkHost(request, []);
  const origin = request.headers.get("origin");
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (origin !== null && origin !== `http://${host}`) {
    throw new ApiError("host_not_allowed", "Cannot answer the request: it comes from another page", {
      details: { field: "Origin", provided: origin.slice(0, 200) },
    });
  }
}

/** The answer with the headers every answer has; nothing is kept by the browser unless it says so itself. */
export function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  return response;
}
