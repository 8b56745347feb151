import { OpenAPIHono, z } from "@hono/zod-openapi";
import { utf8Decode } from "@bzzz/base";
import type { Context } from "hono";
import { DEFAULT_MAX_BODY_BYTES } from "./constants.ts";
import { ApiError, type ApiErrorCode, STATUS_OF_CODE } from "./errors.ts";
import { type ApiScope, checkHost, readBody, TokenGuard } from "./guard.ts";
import type { RequestFacts } from "./respond.ts";
import { errorViewSchema } from "./error_view.ts";

/** One route: what the OpenAPI document says of it, and what is checked before its handler runs. */
export interface RouteSpec<P, Q, B, R> {
  readonly method: "get" | "post" | "put" | "delete";
  /** Below the base, with `{names}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The body is bytes of any media type, at most so many, instead of JSON; handlers read them from `bytes`. */
  readonly bytes?: { readonly maxBytes: number };
  /** Names of request headers that the handler looks at, with what they say. */
  readonly headers?: z.ZodObject;
  /** Of a success; a handler may answer another 2xx. */
  readonly status?: SuccessStatus;
  readonly response: R;
  readonly mediaType?: string;
  /** Answers without a token. */
  readonly isOpen?: true;
  /** Codes besides those every route can answer. */
  readonly errors?: readonly ApiErrorCode[];
}

/** Of an answer that is no refusal. */
export type SuccessStatus = 200 | 201 | 202;
type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined;
type MaybeSchema = z.ZodType | undefined;

/** What a handler gets; everything has been checked. */
export interface RouteInput<P, Q, B> {
  readonly params: OutputOf<P>;
  readonly query: OutputOf<Q>;
  readonly body: OutputOf<B>;
  /** The body of a route with `bytes`; empty otherwise. */
  readonly bytes: Uint8Array;
  readonly request: Request;
  /** Empty when the app is called without a responder. */
  readonly facts: Partial<RequestFacts>;
}

const COMMON_ERRORS: readonly ApiErrorCode[] = [
  "invalid_request",
  "unauthorized",
  "host_not_allowed",
  "internal",
  "timeout",
];

/** Of `RouteSpec.method`, as requests spell them. */
const METHODS = ["GET", "POST", "PUT", "DELETE"];

const BYTES = z.string().openapi({ type: "string", format: "binary" });

/** Checks every request in one order: host, token, body size, schema; then the handler. */
export class Router {
  readonly app = new OpenAPIHono<{ Bindings: Partial<RequestFacts> }>();
  readonly #base: string;
  readonly #tokens: TokenGuard;
  readonly #allowedHosts: readonly string[];
  readonly #maxBodyBytes: number;

  constructor(
    options: { base: string; tokens: TokenGuard; allowedHosts?: readonly string[]; maxBodyBytes?: number },
  ) {
    this.#base = options.base;
    this.#tokens = options.tokens;
    this.#allowedHosts = options.allowedHosts ?? [];
    this.#maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    this.app.onError((error) => {
      throw error; // one place makes error bodies: `createResponder`
    });
    // An unknown path is told only to those who may know what exists.
    this.app.notFound((context) => {
      this.#admit(context.req.raw, "read");
      const allow = this.#methodsOf(context.req.path).join(", ");
      if (allow === "") throw new ApiError("not_found", "Cannot find such a route; the list is in openapi.json");
      const method = context.req.method.slice(0, 20);
      throw new ApiError("method_not_allowed", `Cannot ${method} this route: it takes ${allow}`, {
        details: { allow },
      });
    });
  }

  /** Adds a route whose handler answers a view as JSON. */
  add<
    R extends z.ZodType,
    P extends MaybeSchema = undefined,
    Q extends MaybeSchema = undefined,
    B extends MaybeSchema = undefined,
  >(
    spec: RouteSpec<P, Q, B, R>,
    handler: (input: RouteInput<P, Q, B>) => Promise<{ status?: SuccessStatus; view: z.input<R> }>,
  ): void {
    this.addRaw(spec, async (input) => {
      const { status, view } = await handler(input);
      return Response.json(view, { status: status ?? spec.status ?? 200 });
    });
  }

  /** Adds a route whose handler makes the response. */
  addRaw<R extends z.ZodType, P extends MaybeSchema, Q extends MaybeSchema, B extends MaybeSchema>(
    spec: RouteSpec<P, Q, B, R>,
    handler: (input: RouteInput<P, Q, B>) => Promise<Response>,
  ): void {
    const scope: ApiScope = spec.method === "get" ? "read" : "write";
    this.#document(spec, scope);
    this.app.on(spec.method.toUpperCase(), this.#base + spec.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
      if (spec.isOpen) checkHost(context.req.raw, this.#allowedHosts);
      else this.#admit(context.req.raw, scope);
      const input = {
        params: check(spec.params, "path", context.req.param()),
        query: check(spec.query ?? z.strictObject({}), "query", queryOf(context)),
        body: check(spec.body, "body", spec.body ? await this.#json(context.req.raw) : undefined),
        bytes: spec.bytes ? await readBody(context.req.raw, spec.bytes.maxBytes) : new Uint8Array(),
        request: context.req.raw,
        facts: context.env ?? {},
      };
      // `check` returned each schema's own output; the generics cannot follow it through the optional keys.
      const response = await handler(input as RouteInput<P, Q, B>);
      return context.req.raw.method === "HEAD" ? await measured(response) : response;
    });
  }

  /** What the routes at `path` take; empty when there is none. */
  #methodsOf(path: string): readonly string[] {
    const known = METHODS.filter((method) => this.app.router.match(method, path)[0].length > 0);
    return known.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
  }

  #admit(request: Request, scope: ApiScope): void {
    checkHost(request, this.#allowedHosts);
    this.#tokens.check(request.headers.get("authorization"), scope);
  }

  async #json(request: Request): Promise<unknown> {
    const bytes = await readBody(request, this.#maxBodyBytes);
    if (bytes.byteLength === 0) return {};
    const type = request.headers.get("content-type") ?? "";
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      throw new ApiError("unsupported_media_type", "Cannot read the body: it is not declared as application/json", {
        details: { field: "content-type", provided: type.slice(0, 100), expected_format: "application/json" },
      });
    }
    try {
      return JSON.parse(utf8Decode(bytes));
    } catch (cause) {
      throw new ApiError("malformed_json", "Cannot read the body: it is not JSON in UTF-8", { cause });
    }
  }

  #document<P, Q, B, R extends z.ZodType>(spec: RouteSpec<P, Q, B, R>, scope: ApiScope): void {
    const errors = [...COMMON_ERRORS, ...(scope === "write" ? ["forbidden" as const] : []), ...(spec.errors ?? [])];
    const byStatus = Map.groupBy(errors, (code) => STATUS_OF_CODE[code]);
    const failures = Object.fromEntries(
      [...byStatus].map(([status, codes]) => [status, {
        description: [...new Set(codes)].join(", "),
        content: { "application/json": { schema: errorViewSchema } },
      }]),
    );
    this.app.openAPIRegistry.registerPath({
      method: spec.method,
      path: this.#base + spec.path,
      tags: [spec.tag],
      summary: spec.summary,
      security: spec.isOpen ? [] : [{ [scope]: [] }],
      request: {
        ...(spec.params instanceof z.ZodObject ? { params: spec.params } : {}),
        ...(spec.query instanceof z.ZodObject ? { query: spec.query } : {}),
        ...(spec.headers ? { headers: spec.headers } : {}),
        ...(spec.bytes ? { body: { content: { "application/octet-stream": { schema: BYTES } } } } : {}),
        ...(spec.body instanceof z.ZodType ? { body: { content: { "application/json": { schema: spec.body } } } } : {}),
      },
      responses: {
        [spec.status ?? 200]: {
          description: "Done",
          content: { [spec.mediaType ?? "application/json"]: { schema: spec.response } },
        },
        ...failures,
      },
    });
  }
}

/**
 * The answer to a HEAD, which is sent without its body: the length has to be told while there is one, or 0 would be sent. Reads it all,
 * so a stream without an end refuses HEAD.
 */
async function measured(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const headers = new Headers(response.headers);
  headers.set("content-length", String((await response.arrayBuffer()).byteLength));
  return new Response(null, { status: response.status, headers });
}

/** Every parameter once: a second value would silently lose the first. */
function queryOf(context: Context): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [key, values] of Object.entries(context.req.queries())) {
    if (values.length > 1 || values[0] === undefined) {
      throw new ApiError("invalid_request", `Cannot use the query: "${key}" is there ${values.length} times`, {
        details: { field: key },
      });
    }
    query[key] = values[0];
  }
  return query;
}

/** @throws ApiError "invalid_request" with every issue in `data.issues` */
function check(schema: unknown, where: "path" | "query" | "body", value: unknown): unknown {
  if (!(schema instanceof z.ZodType)) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 20).map((issue) => ({
    where,
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  const first = issues[0];
  const place = first?.path ? `${where} "${first.path}"` : where;
  throw new ApiError("invalid_request", `Cannot accept the ${place}: ${first?.message ?? "it does not fit"}`, {
    details: { field: first?.path ?? where },
    data: { issues },
  });
}
