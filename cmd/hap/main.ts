import { createHapExecution, createPortalCommand, LIBRARY_COMMANDS, POLICY_COMMANDS } from "@bzzz/hap";
import { HAP_PROFILE, readEnvironment, runMain } from "@bzzz/runtime";

// ends the process, and never rejects: a script, as the built program is one, cannot await here
void runMain({
  profile: HAP_PROFILE,
  createExecution: createHapExecution,
  summary: "a person's portal: a peer of the mesh with messages, questions, approvals and answers",
  commands: [createPortalCommand({ env: readEnvironment() }), ...LIBRARY_COMMANDS, ...POLICY_COMMANDS],
  defaultCommand: "portal",
});
