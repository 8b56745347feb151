import { CliError, usageError } from "../errors.ts";
import type { CommandContext } from "../types.ts";

/** A file a person names on the command line is at most this long. */
const MAX_FILE_BYTES = 1_048_576;

type Input = Pick<CommandContext, "readInput">;

/** The text of a file, or of standard input for "-". @throws CliError "not_found", "validation_failed" or "usage" */
async function readText(path: string, { readInput }: Input): Promise<string> {
  if (path === "-") {
    if (!readInput) throw usageError('Cannot read "-": there is no standard input here');
    return await readInput();
  }
  let text: string;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) {
      throw new CliError("validation_failed", `Cannot read "${path}": ${size} bytes are more than ${MAX_FILE_BYTES}`);
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const isMissing = error instanceof Deno.errors.NotFound;
    const isClosed = error instanceof Deno.errors.NotCapable; // a built program reads its own folders alone
    throw new CliError(
      isMissing ? "not_found" : "validation_failed",
      `Cannot read "${path}": ${
        isMissing
          ? "there is no such file"
          : isClosed
          ? `the program may not read there; give it as - < ${path}`
          : "it is not a readable text file"
      }`,
      { cause: error },
    );
  }
  return text;
}

/** The object in a JSON file. @throws CliError "not_found" or "validation_failed" with the place of the mistake */
export async function readJsonFile(path: string, input: Input): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(await readText(path, input));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CliError("validation_failed", `Cannot read "${path}": ${error.message}`, { cause: error });
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>; // an object
  throw new CliError("validation_failed", `Cannot read "${path}": one JSON object is expected`);
}
