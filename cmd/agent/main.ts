import { AGENT_PROFILE, runMain } from "@bzzz/runtime/main";

// ends the process, and never rejects: a script, as the built program is one, cannot await here
void runMain({
  profile: AGENT_PROFILE,
  loadExecution: async () => (await import("@bzzz/agent")).createAgentExecution,
  summary: "an autonomous agent: joins the mesh, claims tasks it is fit for, executes and reports",
});
