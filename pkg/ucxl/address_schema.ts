import { once } from "@bzzz/base";
import { z } from "zod";
import { revisionOf } from "./address.ts";
import { UcxlError } from "./errors.ts";
import { parseConcrete } from "./parse.ts";

/** An address of one thing. */
export const addressSchema = once(() =>
  z.string().superRefine((value, context) => {
    try {
      parseConcrete(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof UcxlError ? error.message : "no UCXL address" });
    }
  })
);
/** "Latest" says another thing tomorrow, so a source is named with its revision. */
export const citationSchema = once(() =>
  addressSchema().refine((value) => {
    try {
      return revisionOf(parseConcrete(value)) !== undefined;
    } catch {
      return true; // said above
    }
  }, "a source is cited by its revision: …?rev=<64 hexadecimal digits>")
);
