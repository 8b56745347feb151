import { textOf } from "@bzzz/context";
import type { Router } from "@bzzz/http";
import { type Address, addressKey, atTemporal, formatAddress, parseConcrete, parseTemporal } from "@bzzz/ucxl";
import { answer } from "../answer.ts";
import { differenceOf } from "../difference.ts";
import { diffQuerySchema, historyQuerySchema, navigateQuerySchema } from "../inputs.ts";
import { historyItems, versionView } from "../present.ts";
import type { ContextBackend } from "../server_deps.ts";
import { diffViewSchema, historyViewSchema, navigationViewSchema, responseOf } from "../views.ts";

/** Moving through the versions of one address. */
export function addBrowseRoutes(router: Router, { context, index, authorOf }: ContextBackend): void {
  router.add({
    method: "get",
    path: "/history",
    tag: "versions",
    summary: "Versions of an address, oldest first",
    query: historyQuerySchema,
    response: responseOf(historyViewSchema),
    errors: ["invalid_address", "wildcard_not_allowed", "not_found"],
  }, ({ query, facts }) => {
    const { address, total } = index.resolve(latestOf(parseConcrete(query.address)));
    // one more in front tells whether the first was written without knowing it
    const from = Math.max(1, query.from - 1);
    const versions = index.history(address, { from, limit: query.limit + query.from - from });
    const [before, items] = from < query.from ? [versions[0], versions.slice(1)] : [undefined, versions];
    return Promise.resolve(answer(facts, {
      address: addressKey(address),
      total,
      items: historyItems(items, before, authorOf),
    }, { message: `${total} versions` }));
  });

  router.add({
    method: "get",
    path: "/navigate",
    tag: "versions",
    summary: "The version that a step in time leads to, with the addresses before and after it",
    query: navigateQuerySchema,
    response: responseOf(navigationViewSchema),
    errors: ["invalid_address", "wildcard_not_allowed", "not_found", "version_out_of_bounds"],
  }, ({ query, facts }) => {
    const address = parseConcrete(query.address);
    const target = query.op === undefined ? address : atTemporal(address, parseTemporal(query.op));
    const version = index.resolve(target, query.reference === undefined ? {} : { reference: query.reference });
    const numbered = (n: number) => formatAddress(atTemporal(version.address, { type: "first", n }));
    return Promise.resolve(answer(facts, {
      version: versionView(version, authorOf),
      ...(version.n > 1 ? { previous: numbered(version.n - 1) } : {}),
      ...(version.n < version.total ? { next: numbered(version.n + 1) } : {}),
    }, { message: `Version ${version.n} of ${version.total}` }));
  });

  router.add({
    method: "get",
    path: "/diff",
    tag: "versions",
    summary: "What changed between two versions: lines of text, or places of JSON",
    query: diffQuerySchema,
    response: responseOf(diffViewSchema),
    errors: ["invalid_address", "not_found", "version_out_of_bounds", "not_text", "not_a_recipient", "deleted"],
  }, async ({ query, request, facts }) => {
    const address = parseConcrete(query.address);
    const pair = await context.pair(address, parseTemporal(query.from), parseTemporal(query.to), {
      signal: request.signal,
    });
    const difference = differenceOf(textOf(pair.before), textOf(pair.after), [
      pair.before.version.content.mediaType,
      pair.after.version.content.mediaType,
    ]);
    const isEqual = (difference.lines?.length ?? 0) + (difference.changes?.length ?? 0) === 0;
    return answer(facts, {
      before: versionView(pair.before.version, authorOf),
      after: versionView(pair.after.version, authorOf),
      is_equal: isEqual,
      ...difference,
    }, { message: isEqual ? "They are equal" : "They differ" });
  });
}

function latestOf(address: Address): Address {
  return atTemporal(address, { type: "latest" });
}
