import { createPortalCommand, createWebCommand, LIBRARY_COMMANDS, POLICY_COMMANDS } from "@bzzz/hap/main";
import { HAP_PROFILE, readEnvironment, runMain } from "@bzzz/runtime/main";

const env = readEnvironment();

// ends the process, and never rejects: a script, as the built program is one, cannot await here
void runMain({
  profile: HAP_PROFILE,
  loadExecution: async () => (await import("@bzzz/hap")).createHapExecution,
  summary: "a person's portal: a peer of the mesh with messages, questions, approvals and answers",
  commands: [createPortalCommand({ env }), createWebCommand({ env }), ...LIBRARY_COMMANDS, ...POLICY_COMMANDS],
  defaultCommand: "portal",
});
