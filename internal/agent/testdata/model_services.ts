// What a model needs of a node that has nothing to read.
import assert from "node:assert/strict";
import type { AgentId } from "@bzzz/base";
import { RoleDirectory } from "@bzzz/roles";
import type { ModelServices } from "../model_parts.ts";

export const SERVICES: ModelServices = {
  identity: {
    grant: { agentId: "basil" as AgentId, role: "architect" },
    membership: { grantOf: () => undefined },
  },
  roles: { directory: new RoleDirectory() },
  versionIndex: { resolve: () => assert.fail("nothing is read") },
  context: { open: () => assert.fail("nothing is read") },
};
