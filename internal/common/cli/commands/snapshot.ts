import { EXIT } from "../exit.ts";
import { goOnWith } from "../go_on.ts";
import type { RestoreView } from "../hook_types.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";

const MIB = 1024 * 1024;
const MAX_LINKS_SHOWN = 10;

const save: Command = {
  name: "snapshot save",
  group: "history",
  summary: "Copy everything of this node into a new folder",
  details:
    "Keys, grants, configuration, the journal as it is at one moment, and contents; the node may run. The folder holds the " +
    "node's secret keys, as they lie in its data directory: keep it as such. What lies elsewhere, as a file that --config " +
    "names, is not in it.",
  args: [{ name: "folder", summary: "That is not there yet, outside of the data directory", isRequired: true }],
  needs: "data_dir",
  async run(context) {
    const { globals, values, signal } = context;
    const saved = await context.hooks().snapshots.save({ globals, folder: values.required("folder"), signal });
    await context.out.item(saved, () => [
      `Saved ${sanitiseLine(saved.agent_id)} of mesh ${sanitiseLine(saved.mesh_name)}: ${saved.files} files, ${
        (saved.bytes / MIB).toFixed(1)
      } MiB`,
      `Folder: ${sanitiseLine(saved.folder)}`,
    ]);
    if (saved.links.length > 0) {
      const shown = saved.links.slice(0, MAX_LINKS_SHOWN).map((path) => sanitiseLine(path)).join(", ");
      const more = saved.links.length - MAX_LINKS_SHOWN;
      await context.note(
        `NOT in it, as they are links to elsewhere: ${shown}${more > 0 ? ` and ${more} more` : ""}`,
      );
    }
    await context.note(`It holds secret keys. To put it back: ${context.program.name} snapshot restore FOLDER`);
    return EXIT.ok;
  },
};

const restore: Command = {
  name: "snapshot restore",
  group: "history",
  summary: "Put a snapshot back into the data directory",
  details:
    "While no node runs on the data directory, and only where the node that was saved does not run elsewhere: one identity " +
    "is one node. Every file is checked first. The node then asks its peers for what it wrote since, before it writes.",
  args: [{ name: "folder", summary: "That snapshot save made", isRequired: true }],
  flags: [{ name: "force", type: "boolean", summary: "Replace what the data directory holds" }],
  needs: "data_dir",
  async run(context) {
    const { globals, values, signal } = context;
    const restored = await context.hooks().snapshots.restore({
      globals,
      folder: values.required("folder"),
      isForced: values.has("force"),
      signal,
    });
    await context.out.item(restored, () => [
      `Restored ${sanitiseLine(restored.agent_id)} of mesh ${sanitiseLine(restored.mesh_name)}, as it was on ${
        context.format.date(restored.taken_at_ms)
      }`,
      `Data directory: ${sanitiseLine(restored.home)}`,
      ...whatFollows(restored),
    ]);
    await context.note(`Next: ${goOnWith(context, "run")}`);
    return EXIT.ok;
  },
};

function whatFollows({ asks_peers: asksPeers, vote, agent_id: agentId }: RestoreView): readonly string[] {
  return [
    ...(asksPeers
      ? ["Have its peers running before it starts: it asks them for what it wrote since, and then writes."]
      : []),
    ...(vote === "left"
      ? [
        `It votes no more, as it forgot what it promised: an admin runs "operator voters remove ${
          sanitiseLine(agentId)
        }", then "operator voters add" with the same name.`,
      ]
      : []),
    ...(vote === "only"
      ? [
        "It was the only voter and goes on as such: what was claimed or led since is forgotten, look at running tasks.",
        ...(asksPeers
          ? [
            "Were voters added since? Then remove voter.mark from the data directory before it starts, so that it gives its " +
            "seat up: it forgot what it promised them.",
          ]
          : []),
      ]
      : []),
  ];
}

/** Backups. */
export const SNAPSHOT_COMMANDS: readonly Command[] = [save, restore];
