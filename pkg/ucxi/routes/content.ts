import { z } from "@hono/zod-openapi";
import type { OpenedVersion } from "@bzzz/context";
import type { Router } from "@bzzz/http";
import { addressKey, parseConcrete } from "@bzzz/ucxl";
import { answer } from "../answer.ts";
import { isNotModified, onlyOverOf, rangeOf } from "../conditions.ts";
import { deleteQuerySchema, importQuerySchema, readQuerySchema, writeQuerySchema } from "../inputs.ts";
import { versionView } from "../present.ts";
import type { ContextBackend } from "../server_deps.ts";
import { responseOf, versionViewSchema } from "../views.ts";

/** Header of an age file with 256 recipients, and more. */
const MAX_SEAL_BYTES = 64 * 1024;
const DEFAULT_MEDIA_TYPE = "application/octet-stream";
const bytesSchema = z.string().openapi({ type: "string", format: "binary" });
const READ_ERRORS = [
  "invalid_address",
  "wildcard_not_allowed",
  "not_found",
  "deleted",
  "version_out_of_bounds",
  "not_a_recipient",
  "content_unavailable",
  "content_damaged",
] as const;
const WRITE_ERRORS = [
  "invalid_address",
  "wildcard_not_allowed",
  "precondition_failed",
  "already_exists",
  "journal_not_allowed",
  "store_full",
] as const;

/** Reading and writing what is at an address. */
export function addContentRoutes(
  router: Router,
  backend: ContextBackend,
  options: { readonly maxContentBytes: number },
): void {
  const { context, index, authorOf } = backend;

  router.addRaw({
    method: "get",
    path: "/content",
    tag: "content",
    summary: "A version's content in the clear; ETag is its revision; one range; If-None-Match answers 304",
    query: readQuerySchema,
    response: bytesSchema,
    mediaType: DEFAULT_MEDIA_TYPE,
    errors: [...READ_ERRORS, "range_not_satisfiable"],
  }, async ({ query, request }) => {
    const version = index.resolve(parseConcrete(query.address), referenceOf(query));
    const headers = new Headers({
      "cache-control": "private, no-cache",
      "ucxl-address": addressKey(version.address),
      "ucxl-version": String(version.n),
      "ucxl-versions": String(version.total),
      "ucxl-author": authorOf(version.author)?.agentId ?? version.author,
    });
    if (version.content) {
      headers.set("etag", `"${version.content.revision}"`);
      headers.set("last-modified", new Date(version.writtenAt.ms).toUTCString());
      headers.set("ucxl-audience", version.content.audience.join(","));
    }
    if (version.content && isNotModified(request, version.content.revision)) {
      return new Response(null, { status: 304, headers });
    }
    return respondWith(await context.open(version, { signal: request.signal }), request, headers);
  });

  const write = (method: "put" | "post") =>
    router.add({
      method,
      path: "/content",
      tag: "content",
      summary: method === "put"
        ? "Write a version; If-Match writes only over that revision, If-None-Match: * only over nothing"
        : "Write the first version; 409 when there is one",
      query: writeQuerySchema,
      bytes: { maxBytes: options.maxContentBytes },
      status: 201,
      response: responseOf(versionViewSchema),
      errors: [...WRITE_ERRORS, "body_too_large", "invalid_audience", "invalid_media_type"],
    }, async ({ query, bytes, request, facts }) => {
      const onlyOver = method === "post" ? "none" : onlyOverOf(request);
      const version = await context.put(parseConcrete(query.address), {
        bytes,
        mediaType: request.headers.get("content-type") ?? DEFAULT_MEDIA_TYPE,
        audience: audienceOf(query.audience) ?? [backend.self().role],
        ...(onlyOver === undefined ? {} : { onlyOver }),
      });
      return answer(facts, versionView(version, authorOf), { status: 201, message: `Version ${version.n} is stored` });
    });
  write("put");
  write("post");

  router.add({
    method: "delete",
    path: "/content",
    tag: "content",
    summary: "Write the version that says that the thing is gone; earlier versions stay; If-Match as with PUT",
    query: deleteQuerySchema,
    response: responseOf(versionViewSchema),
    errors: [...WRITE_ERRORS, "not_found", "deleted", "not_allowed"],
  }, async ({ query, request, facts }) => {
    const onlyOver = onlyOverOf(request);
    const version = await context.remove(
      parseConcrete(query.address),
      onlyOver === undefined ? {} : { onlyOver },
    );
    return answer(facts, versionView(version, authorOf), { message: `Version ${version.n} says that it is gone` });
  });

  router.addRaw({
    method: "get",
    path: "/export",
    tag: "content",
    summary: "A version's content as a standard age file for the roles it is meant for",
    query: readQuerySchema,
    response: bytesSchema,
    mediaType: "application/age",
    errors: READ_ERRORS,
  }, async ({ query, request }) => {
    const opened = await context.read(parseConcrete(query.address), { ...referenceOf(query), signal: request.signal });
    const sealed = await context.export(opened);
    return new Response(sealed.slice(), {
      headers: { "content-type": "application/age", "etag": `"${opened.version.content.revision}"` },
    });
  });
}

/** Writing what somebody sealed elsewhere. */
export function addImportRoute(
  router: Router,
  backend: ContextBackend,
  options: { readonly maxContentBytes: number },
): void {
  router.add({
    method: "post",
    path: "/import",
    tag: "content",
    summary: "Write a version out of an age file that was sealed for a role of this node; armor is taken, too",
    query: importQuerySchema,
    // armor is a third longer, and has line breaks
    bytes: { maxBytes: Math.ceil(options.maxContentBytes * 1.5) + MAX_SEAL_BYTES },
    status: 201,
    response: responseOf(versionViewSchema),
    errors: [
      ...WRITE_ERRORS,
      "body_too_large",
      "malformed",
      "not_a_recipient",
      "content_too_large",
      "invalid_audience",
    ],
  }, async ({ query, bytes, request, facts }) => {
    const address = parseConcrete(query.address);
    const content = await backend.context.openFile(await backend.readSealedFile(bytes));
    const onlyOver = onlyOverOf(request);
    const version = await backend.context.put(address, {
      bytes: content,
      mediaType: query.type ?? DEFAULT_MEDIA_TYPE,
      audience: audienceOf(query.audience) ?? [backend.self().role],
      ...(onlyOver === undefined ? {} : { onlyOver }),
    });
    return answer(facts, versionView(version, backend.authorOf), {
      status: 201,
      message: `Version ${version.n} is stored`,
    });
  });
}

/** The roles of a list with commas. */
function audienceOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(",").map((role) => role.trim());
}

function referenceOf(query: { readonly reference?: number | undefined }): { reference?: number } {
  return query.reference === undefined ? {} : { reference: query.reference };
}

function respondWith({ version, bytes }: OpenedVersion, request: Request, headers: Headers): Response {
  headers.set("content-type", version.content.mediaType);
  headers.set("accept-ranges", "bytes");
  // a browser shows nothing of it as a page of this origin
  headers.set("content-security-policy", "sandbox; default-src 'none'");
  headers.set("content-disposition", "attachment");
  const range = rangeOf(request, { size: bytes.byteLength, revision: version.content.revision });
  if (!range) return new Response(bytes.slice(), { headers });
  headers.set("content-range", `bytes ${range.start}-${range.end - 1}/${bytes.byteLength}`);
  return new Response(bytes.slice(range.start, range.end), { status: 206, headers });
}
