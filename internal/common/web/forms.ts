/**
 * How a form of a page is read, and how what was refused is told on it.
 *
 * @module
 */
import { BzzzError, utf8Decode } from "@bzzz/base";
import { ApiError, readBody, STATUS_OF_CODE } from "@bzzz/http";

/** A form is no larger: the longest text of an entry, each byte written as three characters. */
const MAX_FORM_BYTES = 1024 * 1024;

/** The fields of a form. @throws ApiError "unsupported_media_type", "body_too_large" */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new ApiError("unsupported_media_type", "Cannot read the form: it is not one that this page has sent");
  }
  return new URLSearchParams(utf8Decode(await readBody(request, MAX_FORM_BYTES)));
}

/** A field of a form as a person typed it; browsers send CRLF. Undefined when it is empty. */
export function typed(form: URLSearchParams, name: string): string | undefined {
  const text = form.get(name)?.replaceAll("\r\n", "\n").trim();
  return text === "" ? undefined : text;
}

/** What is said when a form comes twice, or comes from elsewhere. */
export const USED_FORM =
  "Nothing was sent: this form was sent before, is too old, or is not of this page. Here it is anew.";

/** A refusal that a page can tell with the form still there; anything else goes on up. */
export function refusalOf(error: unknown): { readonly message: string; readonly status: number } {
  if (!(error instanceof BzzzError)) throw error;
  const status = error instanceof ApiError ? error.status : undefined;
  const known = Object.hasOwn(STATUS_OF_CODE, error.code)
    ? STATUS_OF_CODE[error.code as keyof typeof STATUS_OF_CODE] // hasOwn is the proof
    : undefined;
  // a mistake of the person, in what was typed or in a file of theirs
  const own = error.code === "validation_failed" ? 422 : undefined;
  return { message: error.message, status: status || known || own || 502 };
}
