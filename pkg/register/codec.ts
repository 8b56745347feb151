import { decodeCbor, encodeCbor, toCamelCase, toSnakeCase } from "@bzzz/wire";
import type { z } from "zod";
import { MAX_VALUE_BYTES } from "./constants.ts";
import { RegisterError } from "./errors.ts";

/** Values as bytes and back. One value has one spelling, because voters compare bytes. */
export interface Codec<T> {
  /** @throws RegisterError "register_misused" when the bytes would be more than 64 KiB */
  encode(value: T): Uint8Array<ArrayBuffer>;
  /** Undefined unless `bytes` are a value of at most 64 KiB. */
  decode(bytes: Uint8Array): T | undefined;
}

/**
 * Deterministic CBOR with snake_case keys of what the schema accepts, which says it in camelCase and is made when it is needed.
 * `isRare`: so few are read that compiling a parser for them would cost more than it saves.
 */
export function createCodec<T>(schema: () => z.ZodType<T>, options: { readonly isRare?: boolean } = {}): Codec<T> {
  return {
    encode: (value) => {
      const bytes = encodeCbor(toSnakeCase(value));
      if (bytes.byteLength > MAX_VALUE_BYTES) {
        throw new RegisterError(
          "register_misused",
          `Cannot encode a register's value: it has ${bytes.byteLength} bytes and ${MAX_VALUE_BYTES} are allowed`,
        );
      }
      return bytes;
    },
    decode: (bytes) => {
      if (bytes.byteLength > MAX_VALUE_BYTES) return undefined;
      const parsed = schema().safeParse(toCamelCase(tryDecodeCbor(bytes)), { jitless: options.isRare ?? false });
      return parsed.success ? parsed.data : undefined;
    },
  };
}

/** The value of CBOR bytes, or undefined: junk from outside is an expected outcome, and no schema accepts undefined. */
export function tryDecodeCbor(bytes: Uint8Array): unknown {
  try {
    return decodeCbor(bytes);
  } catch {
    return undefined;
  }
}
