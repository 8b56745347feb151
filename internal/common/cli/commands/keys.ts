import { EXIT } from "../exit.ts";
import { goOnWith } from "../go_on.ts";
import type { Command, FlagSpec } from "../types.ts";
import { sanitiseLine } from "../sanitise.ts";

const SHARES_FILE: FlagSpec = {
  name: "shares-file",
  type: "string",
  value: "FILE",
  summary: 'Recovery shares, one a line; "-" is standard input',
};

const show: Command = {
  name: "keys show",
  group: "begin",
  summary: "Whose keys these are, and whether they are locked",
  details: "Shows no secret and needs no passphrase.",
  needs: "data_dir",
  async run(context) {
    const view = await context.hooks().showKeys(context.globals);
    await context.out.item(view, () => [
      `${sanitiseLine(view.agent_id)}, ${sanitiseLine(view.role)}, peer ${view.peer_id}`,
      `Encrypt to: ${view.age_recipient}`,
      ...view.files.map((file) => `${file.path}: ${file.purpose} key, ${file.is_locked ? "locked" : "not locked"}`),
    ]);
    return EXIT.ok;
  },
};

const lock: Command = {
  name: "keys lock",
  group: "begin",
  summary: "Lock the keys of this node with a passphrase",
  details:
    "The passphrase is asked for twice, or read from the file of --passphrase-file. From then on every start needs it: on the " +
    "terminal, from --passphrase-file, or from identity.passphrase_file. Nothing can open the keys without it. What was on " +
    "the disk before may still be found there by who reads the disk itself. To change it: keys unlock, then keys lock.",
  needs: "data_dir",
  async run(context) {
    const result = await context.hooks().lockKeys(context.globals);
    await context.out.item(
      result,
      () => result.changed === 0 ? "The keys were locked already." : `Locked ${result.changed} key files.`,
    );
    return EXIT.ok;
  },
};

const unlock: Command = {
  name: "keys unlock",
  group: "begin",
  summary: "Remove the passphrase of the keys",
  details: "From then on their mode (0600) alone protects them.",
  needs: "data_dir",
  async run(context) {
    const result = await context.hooks().unlockKeys(context.globals);
    await context.out.item(
      result,
      () => result.changed === 0 ? "The keys were not locked." : `Unlocked ${result.changed} key files.`,
    );
    return EXIT.ok;
  },
};

const recoverRoot: Command = {
  name: "keys recover",
  group: "begin",
  summary: "Make this node an admin with the recovery shares of the mesh",
  details:
    "For a mesh whose last admin is gone. On the data directory of any member, while its node is stopped: rebuilds the root " +
    "key from the shares that init showed, signs an admin grant for this node with it, and forgets it again. The shares are " +
    "asked for one by one and not shown, or read from --shares-file (0600), or from standard input. The other members learn " +
    "of the grant from this node when it runs.",
  flags: [SHARES_FILE],
  needs: "data_dir",
  async run(context) {
    const { globals, values } = context;
    const result = await context.hooks().recoverRoot({ globals, sharesFile: values.text("shares-file") });
    await context.out.item(result, () => [
      `${sanitiseLine(result.agent_id)} is an admin of mesh ${
        sanitiseLine(result.mesh_name)
      } (${result.mesh_id}) again`,
      `Valid until ${context.format.date(result.valid_until_ms)}`,
    ]);
    await context.note(
      `Next: ${goOnWith(context, "run")}, then revoke the admin that is lost: ${
        goOnWith(context, "members revoke NAME")
      }`,
    );
    return EXIT.ok;
  },
};

/** The keys of this node, and the key of the whole mesh. */
export const KEYS_COMMANDS: readonly Command[] = [show, lock, unlock, recoverRoot];
