import { isHarmless } from "@bzzz/cli";
import { ApiError } from "@bzzz/http";
import type { UcxiClient, VersionView } from "@bzzz/ucxi";
import { addressKey, parseConcrete } from "@bzzz/ucxl";
import { textIn } from "./text_in.ts";

/** As much text as a field of the page takes: each of its bytes may be three characters of a form. */
const MAX_EDITABLE_BYTES = 256 * 1024;

/** What stands at an address, as far as a field of the page can have it. */
export interface Editable {
  /** The address without a time. */
  readonly address: string;
  /** The newest version, if there is one and it is no deletion. */
  readonly latest: VersionView | undefined;
  /** Its text, to be changed; undefined where a field would change more than the person does. */
  readonly text: string | undefined;
  /** Why there is no text. */
  readonly why: string | undefined;
}

/** Reads what stands at an address. @throws ApiError as the node refuses it */
export async function readEditable(context: UcxiClient, address: string, signal: AbortSignal): Promise<Editable> {
  const key = addressKey(parseConcrete(address));
  const latest = await latestOf(context, key, signal);
  if (latest === undefined || latest.is_deleted) return { address: key, latest: undefined, text: "", why: undefined };
  const seen = { address: key, latest, text: undefined };
  let bytes: Uint8Array;
  try {
    ({ bytes } = await context.get(latest.citation, { signal }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...seen, why: error.message }; // for others, or nobody near has a copy
  }
  if (bytes.byteLength > MAX_EDITABLE_BYTES) return { ...seen, why: "it is too long for a field of the page" };
  const text = textIn(bytes);
  if (text === undefined) return { ...seen, why: "it is no text" };
  if (!isHarmless(text.replaceAll("\t", " "))) {
    return { ...seen, why: "it has characters that cannot be seen, or line ends that a browser changes" };
  }
  return { ...seen, text, why: undefined };
}

async function latestOf(context: UcxiClient, key: string, signal: AbortSignal): Promise<VersionView | undefined> {
  try {
    return (await context.navigate(key, "*^", { signal })).version;
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return undefined;
    throw error;
  }
}
