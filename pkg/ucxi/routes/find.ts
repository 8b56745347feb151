import { addressOf, placeOf, type Version } from "@bzzz/context";
import { ApiError, type Router } from "@bzzz/http";
import { addressKey, parseAddress, parseConcrete } from "@bzzz/ucxl";
import { answer } from "../answer.ts";
import { announceSchema, listQuerySchema, searchQuerySchema } from "../inputs.ts";
import { authorView, versionView } from "../present.ts";
import type { ContextBackend } from "../server_deps.ts";
import {
  announcementViewSchema,
  type DiscoveryView,
  discoveryViewSchema,
  listViewSchema,
  responseOf,
  searchViewSchema,
} from "../views.ts";

const EVERYTHING = "ucxl://any:any@any:any";
/** Nodes named for each content. */
const MAX_PROVIDERS = 8;

/** Finding what there is, and who holds it. */
export function addFindRoutes(router: Router, backend: ContextBackend): void {
  const { index, search, providers, authorOf } = backend;
  const page = (
    query: { readonly pattern?: string | undefined; readonly after?: string | undefined; readonly limit: number },
    accepts?: (version: Version) => boolean,
  ) => {
    const { items, next } = index.list(parseAddress(query.pattern ?? EVERYTHING), {
      limit: query.limit,
      ...(query.after === undefined ? {} : { after: placeOf(parseConcrete(query.after)) }),
      ...(accepts ? { accepts } : {}),
    });
    const more: { next?: string } = next === undefined ? {} : { next: addressKey(addressOf(next)) };
    return { items, more };
  };

  router.add({
    method: "get",
    path: "/list",
    tag: "find",
    summary: "The latest version of everything a pattern names, in order of address",
    query: listQuerySchema,
    response: responseOf(listViewSchema),
    errors: ["invalid_address"],
  }, ({ query, facts }) => {
    const { items, more } = page(query);
    const views = items.map((version) => versionView(version, authorOf));
    return Promise.resolve(answer(facts, { items: views, ...more }, { message: `${items.length} addresses` }));
  });

  router.add({
    method: "get",
    path: "/discover",
    tag: "find",
    summary: "The latest version of everything a pattern names, with the nodes that hold its content",
    query: listQuerySchema,
    response: responseOf(discoveryViewSchema),
    errors: ["invalid_address"],
  }, async ({ query, request, facts }) => {
    const { items, more } = page(query);
    const views: DiscoveryView["items"] = [];
    for (const version of items) {
      const hash = version.content?.sealed;
      const found = hash === undefined
        ? []
        : await providers.find(hash, { limit: MAX_PROVIDERS, signal: request.signal });
      views.push({
        ...versionView(version, authorOf),
        providers: found.map((peer) => authorView(peer, authorOf)),
      });
    }
    return answer(facts, { items: views, ...more }, { message: `${items.length} addresses` });
  });

  router.add({
    method: "post",
    path: "/announce",
    tag: "find",
    summary: "Tell the mesh that this node holds the content at an address",
    body: announceSchema,
    status: 202,
    response: responseOf(announcementViewSchema),
    errors: ["invalid_address", "wildcard_not_allowed", "not_found", "deleted", "content_unavailable"],
  }, async ({ body, request, facts }) => {
    const version = index.resolve(parseConcrete(body.address));
    if (!version.content) throw new ApiError("deleted", "Cannot announce it: the version says that it was deleted");
    const told = await providers.announce(version.content.sealed, { signal: request.signal });
    return answer(facts, { version: versionView(version, authorOf), told }, {
      status: 202,
      message: `${told} nodes were told`,
    });
  });

  router.add({
    method: "get",
    path: "/query",
    tag: "find",
    summary: "Latest versions by pattern, media type and age; with text, by words of what this node may read",
    query: searchQuerySchema,
    response: responseOf(searchViewSchema),
    errors: ["invalid_address"],
  }, async ({ query, facts }) => {
    const fits = (version: Version) =>
      version.content !== undefined && isOfType(version.content.mediaType, query.type) &&
      version.writtenAt.ms >= (query.since ?? 0);
    if (query.text === undefined || query.text.trim() === "") {
      const { items, more } = page(query, fits);
      const views = items.map((version) => versionView(version, authorOf));
      const total = index.size;
      return answer(facts, { items: views, is_complete: true, seen: total, total, ...more }, {
        message: `${items.length} addresses`,
      });
    }
    const { hits, isComplete, seen, total } = await search.search({
      text: query.text,
      pattern: parseAddress(query.pattern ?? EVERYTHING),
      limit: query.limit,
      isHistoric: query.history === "true",
      accepts: fits,
    });
    const items = hits.map(({ version, snippet }) => ({ ...versionView(version, authorOf), snippet }));
    return answer(facts, { items, is_complete: isComplete, seen, total }, { message: `${items.length} versions` });
  });
}

/** Whether a media type is the one asked for: "text/markdown" or "text/*", parameters aside. */
function isOfType(mediaType: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const essence = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  const [type, subtype] = wanted.trim().toLowerCase().split("/");
  return subtype === "*" || subtype === undefined ? essence.startsWith(`${type}/`) : essence === `${type}/${subtype}`;
}
