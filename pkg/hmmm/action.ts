import { hexEncode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { encodeCbor, type RequestAction, toSnakeCase } from "@bzzz/wire";

/** SHA-256 of an action's canonical CBOR, in hexadecimal: what an approval is for, once and for further times. */
export function actionDigest(action: RequestAction): string {
  return hexEncode(sha256(encodeCbor(toSnakeCase(action))));
}
