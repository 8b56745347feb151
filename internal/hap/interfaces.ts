import { join } from "node:path";
import type { ApiClient } from "@bzzz/api";
import type { Clock, Random } from "@bzzz/base";
import type { ProgramSpec, TimeFormat } from "@bzzz/cli";
import type { Config } from "@bzzz/config";
import type { TerminalInterface } from "./execution.ts";
import type { PersonLibraries } from "./libraries.ts";
import { createScreenTerminal } from "./screen/engine/screen_terminal.ts";
import { ScreenPortal } from "./screen/screen_portal.ts";
import type { ScreenLook } from "./screen_settings.ts";
import { ProgramEditor, type TextEditor } from "./screen/text_editor.ts";
import { LinePortal } from "./terminal/line_portal.ts";
import { createProcessTerminal, type TerminalEnvironment } from "./terminal/process_terminal.ts";
import { WebPortal } from "./web/web_portal.ts";

/** What an interface is made of, whatever its form. */
export interface InterfaceDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly program: Pick<ProgramSpec, "name" | "binaryType" | "version">;
  readonly env: TerminalEnvironment;
  readonly libraries: PersonLibraries;
  readonly format?: TimeFormat;
  /** For the full screen. */
  readonly editor: TextEditor;
  /** Ctrl-C is for somebody else until what is returned is disposed. */
  readonly holdInterrupts: () => Disposable;
}

/** The form of an interface: a full screen where that is possible, lines, or a page for browsers. */
export const INTERFACE_MODES = ["terminal", "plain", "web"] as const;
/** One of `INTERFACE_MODES`. */
export type InterfaceMode = (typeof INTERFACE_MODES)[number];

/** What the configuration says; a node without an interface of its own has views in the terminal. */
export function interfaceModeOf({ interface: { mode } }: Pick<Config, "interface">): InterfaceMode {
  return mode === "plain" || mode === "web" ? mode : "terminal";
}

/** The editor of the configuration; what is edited lies in the private folder of the socket. */
export function editorOf(
  config: Config,
  { clock, home }: { readonly clock: Clock; readonly home: string },
): TextEditor {
  return new ProgramEditor({ clock }, { command: editorCommandOf(config), folder: join(home, "run") });
}

/** The program of the setting `interface.editor`, with its arguments. */
export function editorCommandOf(config: Config): string | undefined {
  return config.binaryType === "hap" ? config.interface.editor : undefined;
}

/** How an interface looks and where it is. */
export interface InterfaceOptions {
  readonly mode: InterfaceMode;
  /** Asked for only where there is a full screen. */
  readonly look: () => ScreenLook;
  readonly isObserver?: boolean;
  readonly page: {
    /** Where the page listens, on loopback; 0 lets the system choose. */
    readonly port: number;
    readonly keepLink: (link: string) => Promise<string>;
  };
}

/**
 * The portal of this process: a page where that is wanted; else on the terminal, a full screen where there are keys and lines can be
 * redrawn, else in lines (`plain`, `TERM=dumb`, `ACCESSIBLE`, a pipe).
 */
export function createInterface(deps: InterfaceDeps, options: InterfaceOptions): TerminalInterface {
  const { env, random, editor, holdInterrupts, ...common } = deps;
  const terminal = createProcessTerminal(env);
  if (options.mode === "web") {
    const { page: { port, keepLink }, isObserver = false } = options;
    return new WebPortal({ ...common, random, terminal, keepLink }, { port, isObserver });
  }
  if (options.mode === "plain" || terminal.input !== "keys" || !terminal.canRedraw) {
    return new LinePortal({ ...common, terminal });
  }
  const { client, clock, program, libraries } = common;
  return new ScreenPortal({
    client,
    clock,
    program,
    libraries,
    editor,
    holdInterrupts,
    ...options.look(),
    terminal: createScreenTerminal(),
  });
}
