import { utf8Encode } from "@bzzz/base";
import { UcxiClient } from "@bzzz/ucxi";
import { formatAddress, parseAddress, parseConcrete, pointAt, UcxlError } from "@bzzz/ucxl";
import { CliError, usageError } from "../errors.ts";
import type { CommandContext } from "../types.ts";

/** What standard input may hold: the most that a node can be told to take (`context.max_content_bytes`), sealed and armored. */
const MAX_INPUT_BYTES = 100 * 1024 * 1024;

/** Media types by the end of a path. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  md: "text/markdown",
  txt: "text/plain",
  json: "application/json",
  yaml: "application/yaml",
  yml: "application/yaml",
  html: "text/html",
  csv: "text/csv",
  ts: "text/plain",
  js: "text/javascript",
  py: "text/plain",
  png: "image/png",
  jpg: "image/jpeg",
  pdf: "application/pdf",
};

/** The context server of the node, on the way that the API is reached. */
export async function ucxiOf(context: CommandContext): Promise<UcxiClient> {
  const { connection } = await context.client();
  return new UcxiClient(connection, connection);
}

/** The canonical form of an address of one thing. @throws CliError "invalid_address", "wildcard_not_allowed", with a mark under the place */
export function readAddressArg(text: string): string {
  return readSegment(text, (it) => formatAddress(parseConcrete(it)));
}

/** The canonical form of an address that may have wildcards. @throws as `readAddressArg` */
export function readPatternArg(text: string): string {
  return readSegment(text, (it) => formatAddress(parseAddress(it)));
}

/** `text` when `parse` takes it, or what `parse` makes of it. @throws CliError with a mark under the place */
export function readSegment(text: string, parse: (text: string) => unknown): string {
  try {
    const parsed = parse(text);
    return typeof parsed === "string" ? parsed : text;
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    const code = error.code === "wildcard_not_allowed" ? error.code : "invalid_address";
    const marked = pointAt(text, error.details) ?? [];
    throw new CliError(code, [error.message, ...marked.map((line) => `  ${line}`)].join("\n"), {
      cause: error,
      details: error.details,
    });
  }
}

/** What a content at an address is, as far as its path tells; else whether it is text. */
export function mediaTypeOf(address: string, isText: boolean): string {
  const end = /\.([a-z0-9]+)(?:[?#].*)?$/i.exec(address.slice(address.lastIndexOf("/")))?.[1]?.toLowerCase() ?? "";
  return (Object.hasOwn(MEDIA_TYPES, end) ? MEDIA_TYPES[end] : undefined) ??
    (isText ? "text/plain" : "application/octet-stream");
}

/** The words of the command line, or standard input. */
export async function contentOf(context: CommandContext): Promise<Uint8Array> {
  const words = context.values.list("text");
  const isInput = words.length === 0 || (words.length === 1 && words[0] === "-");
  return isInput ? await inputOf(context) : utf8Encode(words.join(" "));
}

/** Standard input. @throws CliError "usage" where there is none */
export async function inputOf(context: CommandContext): Promise<Uint8Array> {
  if (context.readBytes) return await context.readBytes(MAX_INPUT_BYTES);
  throw usageError("Cannot read the content: there is no standard input here; give it as words");
}

/** Bytes as text; undefined for what is none. */
export function textIn(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // no text
  }
}
