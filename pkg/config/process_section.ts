import { z } from "zod";
import { executionMemory, executionSeconds, handedVariables } from "./execution_keys.ts";
import { argvOf, mapList, NAME_RULE, wholeNumber } from "./fields.ts";
import { section } from "./members.ts";

function buildProcessSection() {
  return section({
    commands: mapList(
      () => ({
        name: z.string({ error: NAME_RULE.expected }).refine(NAME_RULE.isValid, { error: NAME_RULE.expected }),
        argv: argvOf(1),
      }),
      {
        max: 32,
        members: ["name", "argv"],
        expected: "a list of at most 32 maps with name and argv",
        identifiedBy: "name",
      },
      "Allow-list: the only programs a task can start, without a shell. The command whose name is among the capabilities a task requires is taken, otherwise the first one. As a variable or a flag: JSON.",
    ),
    timeout_seconds: executionSeconds(600),
    max_output_bytes: wholeNumber(
      512 * 1024,
      { min: 1024, max: 16 * 1024 * 1024, unit: "bytes" },
      "Output one execution may write, stdout and stderr together; beyond it the process group is killed and the task failed.",
    ),
    memory_limit_mb: executionMemory(1_024),
    env: handedVariables("Beside them it has only PATH, HOME and TMPDIR, the last two its work folder."),
  });
}

/** The keys below executor.process. */
export function processSection(): ReturnType<typeof buildProcessSection> {
  return buildProcessSection();
}
