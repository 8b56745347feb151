import type { z } from "zod";
import { textList, VARIABLE_RULE, wholeNumber } from "./fields.ts";
import type { ConfigField } from "./members.ts";

/** Longest time of one execution, in seconds. */
export function executionSeconds(fallback: number): ConfigField<z.ZodDefault<z.ZodInt>> {
  return wholeNumber(
    fallback,
    { min: 1, max: 86_400, unit: "seconds" },
    "Time one execution may take, without waiting for people; then its process group is killed and the task failed.",
  );
}

/** Memory of one execution, in MiB. */
export function executionMemory(fallback: number): ConfigField<z.ZodDefault<z.ZodInt>> {
  return wholeNumber(
    fallback,
    { min: 16, max: 1_048_576, unit: "MiB" },
    "Memory the processes of one execution may use together, sampled; beyond it the process group is killed and the task failed. Enforced on Linux and where `ps` works.",
  );
}

/** Variables that a program of an execution gets; `beside` says what it has without them. */
export function handedVariables(beside: string): ConfigField<z.ZodDefault<z.ZodArray<z.ZodString>>> {
  return textList(
    ["PATH", "LANG", "TZ"],
    VARIABLE_RULE,
    { max: 64, what: "names of variables" },
    `Allow-list: variables of this process that are handed to the program. ${beside}`,
  );
}
