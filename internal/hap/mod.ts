/**
 * The Human Agent Portal: how a person works with a node of the mesh. `ScreenPortal` is its full screen, a pure core with a thin engine;
 * `LinePortal` is its form in lines, which needs nothing but a place to write lines to and works on any terminal and with a screen reader.
 * Both stand on the API alone.
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
export type { Companion, TerminalInterface } from "./execution.ts";
export { createInterface } from "./interfaces.ts";
export type { InterfaceDeps } from "./interfaces.ts";
export { ScreenPortal } from "./screen/screen_portal.ts";
export type { ScreenPortalDeps } from "./screen/screen_portal.ts";
export { KeymapError, screenLook } from "./screen_settings.ts";
export type { ScreenLook } from "./screen_settings.ts";
export { createHapExecution } from "./program.ts";
export { LinePortal } from "./terminal/line_portal.ts";
export type { LinePortalDeps } from "./terminal/line_portal.ts";
export { createProcessTerminal } from "./terminal/process_terminal.ts";
export type { TerminalEnvironment } from "./terminal/process_terminal.ts";
export type { InputKind, Terminal } from "./terminal/terminal.ts";
