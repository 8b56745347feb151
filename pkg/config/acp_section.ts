import { executionMemory, executionSeconds, handedVariables } from "./execution_keys.ts";
import { commandLine, wholeNumber } from "./fields.ts";
import { section } from "./members.ts";

function buildAcpSection() {
  return section({
    argv: commandLine(
      "Command line of a coding agent that speaks the Agent Client Protocol on its standard streams: the program, then its arguments, such as [opencode, acp]. Started once for each task, without a shell and with nothing of the task in it. As a variable or a flag: JSON.",
    ),
    timeout_seconds: executionSeconds(3_600),
    max_output_bytes: wholeNumber(
      64 * 1024 * 1024,
      { min: 64 * 1024, max: 1024 * 1024 * 1024, unit: "bytes" },
      "What the program may write in one execution, messages of the protocol and stderr together; beyond it the process group is killed and the task failed.",
    ),
    memory_limit_mb: executionMemory(2_048),
    env: handedVariables(
      "Add HOME for a program that keeps its login there, or the variable with its key; without HOME it has an empty one of its own.",
    ),
    workspace_limit_mb: wholeNumber(
      1_024,
      { min: 1, max: 1_048_576, unit: "MiB" },
      "Room that the folder of one task may take, sampled; beyond it the process group is killed and the task failed.",
    ),
    keep_workspaces: wholeNumber(
      16,
      { min: 0, max: 1_000, unit: "folders" },
      "Folders of tasks that have ended which stay in work/acp of the data directory, for people to look at; the oldest go first. Of tasks that wait for people at most 32 stay, and go on there.",
    ),
  });
}

/** The keys below executor.acp. */
export function acpSection(): ReturnType<typeof buildAcpSection> {
  return buildAcpSection();
}
