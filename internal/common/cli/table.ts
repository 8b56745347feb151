import { BEGIN_COMMANDS } from "./commands/begin.ts";
import { HISTORY_COMMANDS } from "./commands/history.ts";
import { MESH_COMMANDS } from "./commands/mesh.ts";
import { PEOPLE_COMMANDS } from "./commands/people.ts";
import { PROGRAM_COMMANDS } from "./commands/program.ts";
import { RUN_COMMANDS } from "./commands/run.ts";
import { TALK_COMMANDS } from "./commands/talk.ts";
import { TASK_COMMANDS } from "./commands/tasks.ts";
import type { Command } from "./types.ts";

/** The verbs both programs have, in the order of the overview. */
export const COMMANDS: readonly Command[] = [
  ...BEGIN_COMMANDS,
  ...RUN_COMMANDS,
  ...MESH_COMMANDS,
  ...TASK_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...TALK_COMMANDS,
  ...HISTORY_COMMANDS,
  ...PROGRAM_COMMANDS,
];
