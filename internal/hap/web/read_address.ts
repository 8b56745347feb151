import { ApiError } from "@bzzz/http";
import { addressKey, formatAddress, parseConcrete, UcxlError } from "@bzzz/ucxl";

/** What `parse` makes of a part of an address. @throws ApiError "invalid_address" */
export function readAddress<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    throw new ApiError("invalid_address", error.message, { cause: error, details: error.details });
  }
}

/** The canonical form of the address of one thing. @throws ApiError "invalid_address" */
export function concreteAddress(text: string | null | undefined): string {
  return readAddress(() => formatAddress(parseConcrete(text?.trim() ?? "")));
}

/** The address of one thing without its time. @throws ApiError "invalid_address" */
export function concreteKey(text: string | null | undefined): string {
  return readAddress(() => addressKey(parseConcrete(text?.trim() ?? "")));
}

/** What is wrong with the address of one thing in a field, or undefined. `name` is the label of the field. */
export function addressProblem(name: string, text: string): string | undefined {
  try {
    parseConcrete(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof UcxlError)) throw error;
    return `${name}: ${error.message}`;
  }
}
