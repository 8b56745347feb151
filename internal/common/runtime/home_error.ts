import { BzzzError, fileFailure } from "@bzzz/base";

/** A file of a data directory that the system does not let this program read or write. */
export class HomeError extends BzzzError<"home_unreadable" | "home_unwritable"> {}

/** What `act` does to the file at `path`; a refusal of the system is told with the path. @throws HomeError */
export async function withFile<T>(verb: "read" | "write", path: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const code = verb === "read" ? "home_unreadable" : "home_unwritable";
    throw new HomeError(code, `Cannot ${verb} "${path}": ${fileFailure(cause)}`, { cause, details: { path } });
  }
}
