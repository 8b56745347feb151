/**
 * The verbs of `bzzz-hap`, its views of a running node among them. What it does on top of a node of its own is in `mod.ts`, and is loaded
 * once one is to run in this process.
 *
 * @module
 */
export { createPortalCommand, createWebCommand } from "./portal_command.ts";
export { LIBRARY_COMMANDS } from "./portal_commands.ts";
export { POLICY_COMMANDS } from "./prompts/policy_commands.ts";
