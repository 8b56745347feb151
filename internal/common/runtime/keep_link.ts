import { join } from "node:path";
import { writePrivateFile } from "./home.ts";

/**
 * Keeps a login link beside the tokens of the node, where this user alone can read it (0600 in a folder of 0700): without a person at
 * the terminal it must not get into a log. The path of the file.
 */
export async function keepPageLink(home: string, link: string): Promise<string> {
  const path = linkPath(home);
  await writePrivateFile(path, `${link}\n`);
  return path;
}

/** Removes the link of a page that has ended. */
export async function removePageLink(home: string): Promise<void> {
  await Deno.remove(linkPath(home)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

function linkPath(home: string): string {
  return join(home, "run", "page.url");
}
