import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "./errors.ts";

/** What a token may do: "read" sees, "write" also acts. */
export type ApiScope = "read" | "write";

/** A bearer token of at least 128 bits of chance, and what it may do. */
export interface ApiToken {
  readonly token: string;
  readonly scope: ApiScope;
}

/** Shorter tokens can be guessed: 22 base64url characters carry 128 bits. */
const MIN_TOKEN_CHARACTERS = 22;

/** Names of this machine's loopback; a page that rebinds its DNS name to it still sends its own name. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Compares digests, so that neither contents nor length leak by time. */
export class TokenGuard {
  readonly #tokens: readonly { readonly digest: Uint8Array; readonly scope: ApiScope }[];

  /** @throws RangeError for a token that is too short */
  constructor(tokens: readonly ApiToken[]) {
    this.#tokens = tokens.map(({ token, scope }) => {
      if (token.length < MIN_TOKEN_CHARACTERS) {
        throw new RangeError(`An API token needs at least ${MIN_TOKEN_CHARACTERS} characters`);
      }
      return { digest: digestOf(token), scope };
    });
  }

  /** @throws ApiError "unauthorized" without a known token, "forbidden" when it may not do this */
  check(authorization: string | null, needed: ApiScope): void {
    const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? "");
    if (!match?.[1]) {
      throw new ApiError("unauthorized", "Cannot answer the request: it has no bearer token", {
        data: { expected_format: "Authorization: Bearer <token>" },
      });
    }
    const digest = digestOf(match[1]);
    let scope: ApiScope | undefined;
    for (const known of this.#tokens) {
      if (timingSafeEqual(known.digest, digest)) scope = scope === "write" ? scope : known.scope;
    }
    if (!scope) throw new ApiError("unauthorized", "Cannot answer the request: the token is not known here");
    if (needed === "write" && scope !== "write") {
      throw new ApiError("forbidden", "Cannot change anything with this token: it may only read", {
        details: { scope, needed },
      });
    }
  }
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

/**
 * Lets a request through only when it is addressed to this machine's loopback or to one of `allowedHosts` (names without port), and,
 * when a browser sent it, comes from such a page too. This stops DNS rebinding; there is no CORS at all.
 *
 * @throws ApiError "host_not_allowed"
 */
export function checkHost(request: Request, allowedHosts: readonly string[]): void {
  const isAllowed = (host: string) => {
    const name = host.replace(/:\d{1,5}$/, "").replace(/\.$/, "").toLowerCase();
    return LOOPBACK.test(name) || allowedHosts.some((allowed) => allowed.toLowerCase() === name);
  };
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!isAllowed(host)) refuse("Host", host);
  const origin = request.headers.get("origin");
  if (origin !== null && !(URL.canParse(origin) && isAllowed(new URL(origin).host))) refuse("Origin", origin);
  const site = request.headers.get("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") refuse("Sec-Fetch-Site", site);
}

function refuse(header: string, provided: string): never {
  throw new ApiError(
    "host_not_allowed",
    `Cannot answer the request: its ${header} is not this machine; name it in the allowed hosts of the configuration`,
    { details: { field: header, provided: provided.slice(0, 200) } },
  );
}

/**
 * The body, read up to `maxBytes`.
 * @throws ApiError "body_too_large"
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (size: string) =>
    new ApiError("body_too_large", `Cannot accept the body: ${size}, and at most ${maxBytes} bytes are allowed`, {
      details: { max_bytes: maxBytes },
    });
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(`${declared} bytes are announced`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge("it is longer");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
