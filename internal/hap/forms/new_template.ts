import { CliError, usageError } from "@bzzz/cli";
import { join } from "node:path";
import { BUILTIN_TEMPLATES } from "./builtin.ts";
import { templateId } from "./template.ts";

/**
 * Writes a copy of a built-in template into the folder, and says where. A file that is there already stays.
 * @throws CliError "usage", "not_found" for a template that does not come with the program, "validation_failed" when it cannot be written
 */
export async function newTemplate(folder: string, id: string, from: string): Promise<string> {
  if (!templateId.safeParse(id).success) {
    throw usageError(`Cannot call a template "${id}": expected a name of a-z, 0-9 and -`);
  }
  const text = Object.hasOwn(BUILTIN_TEMPLATES, from) ? BUILTIN_TEMPLATES[from] : undefined;
  if (text === undefined) {
    const known = Object.keys(BUILTIN_TEMPLATES).join(", ");
    throw new CliError("not_found", `Cannot copy "${from}": the built-in templates are ${known}`);
  }
  const file = join(folder, `${id}.yaml`);
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(file, text.replace(/^id: .*$/m, `id: ${id}`), { createNew: true, mode: 0o600 });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw usageError(`Cannot write "${file}": it is there already; take another id, or edit it`);
    }
    const why = cause instanceof Deno.errors.NotCapable
      ? "the program may not write there"
      : "the folder is not writable";
    throw new CliError("validation_failed", `Cannot write "${file}": ${why}`, { cause });
  }
  return file;
}
