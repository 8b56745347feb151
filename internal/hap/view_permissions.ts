import { join } from "node:path";

/**
 * Gives up what a view of a running node does not need: starting programs, foreign code, facts about the machine, the environment, and
 * the data directory with its keys. What stays is the folder of the socket and of the tokens. Where the program was not given that folder
 * by name, the files are kept: giving up the data directory would take the socket along. The program `editor` may still be started where
 * the view was started with that alone.
 */
export async function dropViewPermissions(home: string, editor?: string): Promise<void> {
  const isEditorAlone = editor !== undefined && await isGranted({ name: "run", command: editor }) &&
    !await isGranted({ name: "run" });
  for (const name of ["run", "ffi", "sys", "env"] as const) {
    if (name !== "run" || !isEditorAlone) await Deno.permissions.revoke({ name });
  }
  const homes = [home, ...await realPathOf(home)];
  for (const name of ["write", "read"] as const) {
    if (await isGranted({ name }) || Deno.build.standalone) continue; // everything is allowed, or folders above this one
    for (const path of homes) await Deno.permissions.revoke({ name, path });
  }
}

/** Whether the socket of that data directory can still be used. */
export async function canUseSocket(home: string): Promise<boolean> {
  const path = join(home, "run", "api.sock");
  return await isGranted({ name: "read", path }) && await isGranted({ name: "write", path });
}

async function isGranted(permission: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(permission)).state === "granted";
}

async function realPathOf(path: string): Promise<string[]> {
  try {
    return [await Deno.realPath(path)];
  } catch {
    return []; // not there: nothing to give up
  }
}
