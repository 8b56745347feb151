/**
 * The Human Agent Portal: how a person works with a node of the mesh. `LinePortal` is its form in lines, which needs nothing but a place
 * to write lines to, works on any terminal and with a screen reader, and stands on the API alone.
 *
 * ```ts
 * const portal = new LinePortal({ terminal: createProcessTerminal(env), client, clock, program });
 * await portal.start();
 * const status = await portal.done;
 * ```
 *
 * @module
 */
export { HAPExecution } from "./execution.ts";
export type { TerminalInterface } from "./execution.ts";
export { createHapExecution } from "./program.ts";
export { createPortalCommand } from "./portal_command.ts";
export { LinePortal } from "./terminal/line_portal.ts";
export type { LinePortalDeps } from "./terminal/line_portal.ts";
export { createProcessTerminal } from "./terminal/process_terminal.ts";
export type { TerminalEnvironment } from "./terminal/process_terminal.ts";
export type { InputKind, Terminal } from "./terminal/terminal.ts";
