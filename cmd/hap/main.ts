import { createHapExecution, createPortalCommand } from "@bzzz/hap";
import { HAP_PROFILE, readEnvironment, runMain } from "@bzzz/runtime";

await runMain({
  profile: HAP_PROFILE,
  createExecution: createHapExecution,
  summary: "a person's portal: a peer of the mesh with messages, questions, approvals and answers",
  commands: [createPortalCommand({ env: readEnvironment() })],
  defaultCommand: "run",
});
