import { BzzzError } from "@bzzz/base";
import { usageError } from "../errors.ts";
import type { CommandContext } from "../types.ts";

/** Whether the person's key needs its passphrase. */
function isLockedError(error: unknown): boolean {
  return error instanceof BzzzError && error.code === "identity_locked";
}

/**
 * Does something that may need the passphrase of the person's key: without it first, then, if the key is locked, with what
 * the person types, or with the first line of --passphrase-file. Where nobody can be asked the refusal stands.
 */
export async function withPassphrase<T>(
  context: CommandContext,
  work: (passphrase: { readonly passphrase?: string }) => Promise<T>,
): Promise<T> {
  if (context.globals.passphraseFile !== undefined) {
    return await work({ passphrase: await secretFor(context, "Passphrase of your key: ") });
  }
  try {
    return await work({});
  } catch (error) {
    if (!isLockedError(error) || !context.ask || context.out.isJson) throw error;
    return await work({ passphrase: await secretFor(context, "Passphrase of your key: ") });
  }
}

/** What is typed without being shown, or the first line of --passphrase-file. @throws CliError "usage", "cancelled" */
export async function secretFor(context: CommandContext, question: string): Promise<string> {
  if (context.globals.passphraseFile !== undefined) return await context.hooks().readPassphrase(context.globals);
  const text = await context.ask?.(question, { isSecret: true });
  if (text) return text;
  throw usageError(
    "Cannot go on without the passphrase: type it on a terminal, or name a file that holds it with --passphrase-file",
  );
}
