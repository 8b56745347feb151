// A view as a process of its own: gives up what it does not need, then says what is left.
import { canUseSocket, dropViewPermissions } from "../view_permissions.ts";

const [home = "", editor] = Deno.args;

async function can(what: () => unknown): Promise<boolean> {
  try {
    await what();
    return true;
  } catch {
    return false;
  }
}

await dropViewPermissions(home, editor);
const left = {
  socket: await canUseSocket(home),
  token: await can(() => Deno.readTextFile(`${home}/run/api.token`)),
  key: await can(() => Deno.readTextFile(`${home}/identity/key`)),
  templates: await can(() => Deno.readTextFile(`${home}/templates/a.yaml`)),
  write: await can(() => Deno.writeTextFile(`${home}/x`, "")),
  env: await can(() => Deno.env.get("HOME")),
  run: await can(() => new Deno.Command("/bin/true").output()),
  editor: editor !== undefined && await can(() => new Deno.Command(editor).output()),
  sys: await can(() => Deno.hostname()),
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(left)));
