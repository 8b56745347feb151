import { createAgentExecution } from "@bzzz/agent";
import { AGENT_PROFILE, runMain } from "@bzzz/runtime";

// ends the process, and never rejects: a script, as the built program is one, cannot await here
void runMain({
  profile: AGENT_PROFILE,
  createExecution: createAgentExecution,
  summary: "an autonomous agent: joins the mesh, claims tasks it is fit for, executes and reports",
});
