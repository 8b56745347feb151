/**
 * What stands on the network and the database: the node itself, and what is done to a data directory while none runs. Everything else of
 * a program, a view of a running node above all, does without, so the hooks load this when it is asked for.
 *
 * @module
 */
export { openAudit } from "./audit.ts";
export { discoverDevNodes, prepareDevNode } from "./dev_mesh.ts";
export { runDoctor } from "./doctor.ts";
export { inviteOffline } from "./offline.ts";
export { recoverRoot } from "./recover_root.ts";
export { runNode } from "./run_node.ts";
export { ensureConfig, forgetMesh, foundMesh, joinWithToken } from "./setup.ts";
export { isLibraryFault } from "@bzzz/p2p";
