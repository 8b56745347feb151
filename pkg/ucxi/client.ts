import {
  ApiError,
  type CallOptions,
  type FollowOptions,
  followStream,
  HttpCaller,
  type HttpCallerDeps,
  type SendOptions,
} from "@bzzz/http";
import type { z } from "zod";
import { UCXI_BASE } from "./constants.ts";
import type {
  AnnouncementView,
  ContextStatusView,
  DecisionDetailView,
  DecisionItemView,
  DiffView,
  DiscoveryView,
  HistoryView,
  ListView,
  NavigationView,
  SearchView,
  VersionView,
} from "./views.ts";

/** Which context server, and as whom. */
export interface UcxiClientOptions {
  /** "http://127.0.0.1:8082" */
  readonly baseUrl: string;
  readonly token: string;
  /** Bound of one call; default 30 s. */
  readonly timeoutMs?: number;
}

/** A content with what the server says of it. */
export interface ContentAnswer {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly revision: string;
  readonly address: string;
  readonly n: number;
  readonly total: number;
  readonly author: string;
}

/** How a version is written. */
export interface WriteOptions extends CallOptions {
  readonly mediaType?: string;
  readonly audience?: readonly string[];
  /** Write only over this revision. */
  readonly ifMatch?: string;
  /** Write only where nothing is. */
  readonly mustBeNew?: boolean;
}

/** What `UcxiClient.subscribe` yields. */
export type SubscriptionEvent =
  | { readonly type: "connected"; readonly cursor: number; readonly isReset: boolean }
  | { readonly type: "version"; readonly version: VersionView }
  | { readonly type: "disconnected"; readonly reason: string; readonly retryInMs: number };

type Views = typeof import("./views.ts");

/**
 * Typed access to a node's context server. Every method rejects with `ApiError`; an aborted call rejects with `signal.reason`.
 * It holds nothing open between calls; leaving the loop over `subscribe` ends the stream.
 */
export class UcxiClient {
  readonly #deps: HttpCallerDeps;
  readonly #caller: HttpCaller;

  constructor(deps: HttpCallerDeps, options: UcxiClientOptions) {
    this.#deps = deps;
    this.#caller = new HttpCaller(deps, { ...options, basePath: UCXI_BASE });
  }

  /** The content that an address names, in the clear. */
  async get(address: string, options: CallOptions & { readonly reference?: number } = {}): Promise<ContentAnswer> {
    const { reference, ...rest } = options;
    const response = await this.#caller.send("GET", "/content", {
      ...rest,
      query: { address, reference },
      accept: "*/*",
    });
    const header = (name: string) => response.headers.get(name) ?? "";
    return {
      bytes: await response.bytes(),
      mediaType: header("content-type"),
      revision: header("etag").replaceAll('"', ""),
      address: header("ucxl-address"),
      n: Number(header("ucxl-version")),
      total: Number(header("ucxl-versions")),
      author: header("ucxl-author"),
    };
  }

  /** Writes a version. */
  put(address: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<VersionView> {
    const { mediaType, audience, ifMatch, mustBeNew, ...rest } = options;
    return this.#call("PUT", "/content", (views) => views.versionViewSchema, {
      ...rest,
      query: { address, audience: audience?.join(",") },
      body: bytes,
      headers: {
        "content-type": mediaType ?? "application/octet-stream",
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch === "*" ? "*" : `"${ifMatch}"` }),
        ...(mustBeNew ? { "if-none-match": "*" } : {}),
      },
    });
  }

  /** Writes the version that says that the thing is gone. */
  remove(address: string, options: CallOptions & { readonly ifMatch?: string } = {}): Promise<VersionView> {
    const { ifMatch, ...rest } = options;
    return this.#call("DELETE", "/content", (views) => views.versionViewSchema, {
      ...rest,
      query: { address },
      ...(ifMatch === undefined ? {} : { headers: { "if-match": `"${ifMatch}"` } }),
    });
  }

  /** A version as a standard age file. */
  async export(address: string, options: CallOptions = {}): Promise<Uint8Array> {
    const response = await this.#caller.send("GET", "/export", { ...options, query: { address }, accept: "*/*" });
    return await response.bytes();
  }

  /** Writes a version out of an age file. */
  import(
    address: string,
    file: Uint8Array,
    options: Omit<WriteOptions, "ifMatch" | "mustBeNew"> = {},
  ): Promise<VersionView> {
    const { mediaType, audience, ...rest } = options;
    return this.#call("POST", "/import", (views) => views.versionViewSchema, {
      ...rest,
      query: { address, audience: audience?.join(","), type: mediaType },
      body: file,
      headers: { "content-type": "application/age" },
    });
  }

  history(
    address: string,
    options: CallOptions & { readonly from?: number; readonly limit?: number } = {},
  ): Promise<HistoryView> {
    const { from, limit, ...rest } = options;
    return this.#call("GET", "/history", (views) => views.historyViewSchema, {
      ...rest,
      query: { address, from, limit },
    });
  }

  /** `from` and `to` are temporal segments; the version before the latest and the latest without them. */
  diff(
    address: string,
    options: CallOptions & { readonly from?: string; readonly to?: string } = {},
  ): Promise<DiffView> {
    const { from, to, ...rest } = options;
    return this.#call("GET", "/diff", (views) => views.diffViewSchema, { ...rest, query: { address, from, to } });
  }

  /** The version that the temporal segment `op` leads to; without it, the one that `address` names. */
  navigate(address: string, op?: string, options: CallOptions = {}): Promise<NavigationView> {
    return this.#call("GET", "/navigate", (views) => views.navigationViewSchema, {
      ...options,
      query: { address, op },
    });
  }

  list(
    pattern: string,
    options: CallOptions & { readonly after?: string; readonly limit?: number } = {},
  ): Promise<ListView> {
    const { after, limit, ...rest } = options;
    return this.#call("GET", "/list", (views) => views.listViewSchema, { ...rest, query: { pattern, after, limit } });
  }

  discover(pattern: string, options: CallOptions & { readonly limit?: number } = {}): Promise<DiscoveryView> {
    const { limit, ...rest } = options;
    return this.#call("GET", "/discover", (views) => views.discoveryViewSchema, { ...rest, query: { pattern, limit } });
  }

  announce(address: string, options: CallOptions = {}): Promise<AnnouncementView> {
    return this.#call("POST", "/announce", (views) => views.announcementViewSchema, { ...options, body: { address } });
  }

  query(
    query: {
      readonly text?: string;
      readonly pattern?: string;
      readonly type?: string;
      readonly since?: number;
      readonly isHistoric?: boolean;
      readonly limit?: number;
    },
    options: CallOptions = {},
  ): Promise<SearchView> {
    const { isHistoric, ...rest } = query;
    return this.#call("GET", "/query", (views) => views.searchViewSchema, {
      ...options,
      query: { ...rest, history: isHistoric ? "true" : undefined },
    });
  }

  async decisions(
    query: { readonly state?: string; readonly limit?: number } = {},
    options: CallOptions = {},
  ): Promise<readonly DecisionItemView[]> {
    const { items } = await this.#call("GET", "/decisions", (views) => views.decisionListViewSchema, {
      ...options,
      query,
    });
    return items;
  }

  decision(address: string, options: CallOptions = {}): Promise<DecisionDetailView> {
    return this.#call("GET", "/decision", (views) => views.decisionDetailViewSchema, {
      ...options,
      query: { address },
    });
  }

  /** Puts something to the vote. */
  propose(input: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<DecisionDetailView> {
    return this.#call("POST", "/decisions", (views) => views.decisionDetailViewSchema, { ...options, body: input });
  }

  vote(
    input: {
      readonly address: string;
      readonly vote: string;
      readonly reason?: string;
      readonly passphrase?: string;
    },
    options: CallOptions = {},
  ): Promise<DecisionDetailView> {
    return this.#call("POST", "/decisions/vote", (views) => views.decisionDetailViewSchema, {
      ...options,
      body: input,
    });
  }

  status(options: CallOptions = {}): Promise<ContextStatusView> {
    return this.#call("GET", "/status", (views) => views.contextStatusViewSchema, options);
  }

  /** New versions for as long as the loop runs; goes on where it was after a break. */
  async *subscribe(
    query: { readonly pattern?: string; readonly after?: number } = {},
    options: FollowOptions = {},
  ): AsyncGenerator<SubscriptionEvent, void, void> {
    const open = (after: number | undefined, signal: AbortSignal) =>
      this.#caller.send("GET", "/subscribe", {
        signal,
        query: { ...query, ...(after === undefined ? {} : { after }) },
        accept: "text/event-stream",
      });
    const { versionViewSchema } = await import("./views.ts");
    for await (const item of followStream({ ...this.#deps, open }, options)) {
      if (item.type !== "event") yield item;
      else if (item.name === "version") {
        const version = versionViewSchema.safeParse(item.data);
        if (!version.success) throw new ApiError("unexpected_answer", "Cannot follow versions: one is not as expected");
        yield { type: "version", version: version.data };
      }
    }
  }

  async #call<S extends z.ZodType>(
    method: string,
    route: string,
    pick: (views: Views) => S,
    options: SendOptions,
  ): Promise<z.output<S>> {
    const answer = await this.#caller.call(method, route, async () => {
      const views = await import("./views.ts");
      return views.responseOf(pick(views));
    }, options);
    // `responseOf` checked it with this very schema; the generic cannot follow it through the envelope
    return (answer as { readonly response: { readonly data: z.output<S> } }).response.data;
  }
}
