import { BEGIN_COMMANDS } from "./commands/begin.ts";
import { ELECTION_COMMANDS } from "./commands/election.ts";
import { GRANT_COMMANDS } from "./commands/grants.ts";
import { HISTORY_COMMANDS } from "./commands/history.ts";
import { MONITOR_COMMANDS } from "./commands/monitor.ts";
import { SNAPSHOT_COMMANDS } from "./commands/snapshot.ts";
import { IDENTITY_COMMANDS } from "./commands/identity.ts";
import { KEYS_COMMANDS } from "./commands/keys.ts";
import { MESH_COMMANDS } from "./commands/mesh.ts";
import { PEOPLE_COMMANDS } from "./commands/people.ts";
import { PROGRAM_COMMANDS } from "./commands/program.ts";
import { ROLE_COMMANDS } from "./commands/roles.ts";
import { RUN_COMMANDS } from "./commands/run.ts";
import { SLURP_COMMANDS } from "./commands/slurp.ts";
import { SETUP_COMMANDS } from "./commands/setup.ts";
import { TALK_COMMANDS } from "./commands/talk.ts";
import { THREAD_COMMANDS } from "./commands/threads.ts";
import { HMMM_COMMANDS } from "./commands/hmmm.ts";
import { TASK_COMMANDS } from "./commands/tasks.ts";
import { BROWSE_COMMANDS } from "./commands/browse.ts";
import { DECIDE_COMMANDS } from "./commands/decide.ts";
import { PATCH_COMMANDS } from "./commands/patch.ts";
import { UCXL_COMMANDS } from "./commands/ucxl.ts";
import { VOTER_COMMANDS } from "./commands/voters.ts";
import type { Command } from "./types.ts";

/** The verbs both programs have, and those of one; where it has one of the same name, its own takes that place. */
export function withCommands(own: readonly Command[]): readonly Command[] {
  const byName = new Map(own.map((command) => [command.name, command]));
  const shared = COMMANDS.map((command) => byName.get(command.name) ?? command);
  return [...shared, ...own.filter((command) => !shared.includes(command))];
}

/** The verbs both programs have, in the order of the overview. */
export const COMMANDS: readonly Command[] = [
  ...BEGIN_COMMANDS,
  ...SETUP_COMMANDS,
  ...KEYS_COMMANDS,
  ...IDENTITY_COMMANDS,
  ...RUN_COMMANDS,
  ...MESH_COMMANDS,
  ...MONITOR_COMMANDS,
  ...VOTER_COMMANDS,
  ...ROLE_COMMANDS,
  ...ELECTION_COMMANDS,
  ...TASK_COMMANDS,
  ...HMMM_COMMANDS,
  ...THREAD_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...GRANT_COMMANDS,
  ...TALK_COMMANDS,
  ...UCXL_COMMANDS,
  ...BROWSE_COMMANDS,
  ...DECIDE_COMMANDS,
  ...PATCH_COMMANDS,
  ...SLURP_COMMANDS,
  ...HISTORY_COMMANDS,
  ...SNAPSHOT_COMMANDS,
  ...PROGRAM_COMMANDS,
];
