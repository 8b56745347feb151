import type { ApiClient } from "@bzzz/api";
import type { Clock } from "@bzzz/base";
import type { ExitStatus } from "./exit.ts";
import type { ProgramHooks } from "./hooks.ts";
import type { Output } from "./output.ts";
import type { ShownVersions } from "./shown.ts";
import type { FlagValues } from "./values.ts";

/** What a flag takes: nothing, a text, several texts (repeated or with commas), a whole number, or a time like `90s`, `10m`, `2h`, `7d`. */
export type FlagType = "boolean" | "string" | "list" | "integer" | "duration";

/** One `--flag`. */
export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  readonly summary: string;
  /** Name of the value in help: "NAME". */
  readonly value?: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** For completion in a shell: a command line of this program that prints values there are now, one a line. */
  readonly valuesFrom?: string;
}

/** One positional argument. Only the last may be `isRest`; it takes everything that follows. */
export interface ArgSpec {
  readonly name: string;
  readonly summary: string;
  readonly isRequired?: boolean;
  readonly isRest?: boolean;
  readonly choices?: readonly string[];
  /** As of a flag. */
  readonly valuesFrom?: string;
}

/** What must be there for a command: a running node, a data directory that no node needs to run for, or nothing. */
export type CommandNeeds = "node" | "data_dir" | "nothing";

/** Headings of the overview. */
export type CommandGroup = "begin" | "run" | "mesh" | "work" | "people" | "context" | "history" | "program";

/** One verb of both programs, and of the portal's prompt. Help, completion and the manual are made from it. */
export interface Command {
  /** One or two words. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: CommandGroup;
  readonly summary: string;
  /** More for `help NAME`, in plain sentences. */
  readonly details?: string;
  readonly args?: readonly ArgSpec[];
  readonly flags?: readonly FlagSpec[];
  readonly needs: CommandNeeds;
  /** Whether the portal's prompt has it too. */
  readonly isInPortal?: boolean;
  run(context: CommandContext): Promise<ExitStatus>;
}

/** Flags that every verb takes. */
export interface GlobalFlags {
  /** Data directory. */
  readonly home: string | undefined;
  readonly config: string | undefined;
  readonly isDev: boolean;
  readonly isJson: boolean;
  /** Keys of `--json=a,b`; undefined = all. */
  readonly jsonFields: readonly string[] | undefined;
  readonly logLevel: string | undefined;
  /** Where the passphrase of the keys is; "-" is standard input. Never the passphrase itself. */
  readonly passphraseFile: string | undefined;
  /** Of `--set key=value`, in order. */
  readonly settings: readonly (readonly [key: string, value: string])[];
}

/** Who calls: a shell, or a person (or pipe) at the portal's prompt. */
export type Surface = "shell" | "portal" | "portal_pipe";

/** What a question to the person at the terminal may ask for. */
export interface AskOptions {
  /** Keys within this time after the question appears are not an answer: they were meant for something else. */
  readonly guardMs?: number;
  /** What is typed is not shown, and goes into no history. */
  readonly isSecret?: boolean;
}

/** Everything a command may use. */
export interface CommandContext {
  readonly program: ProgramSpec;
  readonly command: Command;
  /** Positional arguments by name; `rest` of an `isRest` argument. */
  readonly values: FlagValues;
  readonly globals: GlobalFlags;
  /** Data, on stdout. */
  readonly out: Output;
  /** Talk, on stderr: sanitised, with a line break. Silent with `--json`. */
  note(text: string): Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly surface: Surface;
  /** Asks the person; undefined answer = cancelled. Missing where nobody can be asked. */
  readonly ask?: (question: string, options?: AskOptions) => Promise<string | undefined>;
  /** All of standard input as text, at most 1 MiB. Missing in the portal. */
  readonly readInput?: () => Promise<string>;
  /** All of standard input as bytes, at most `maxBytes`. Missing in the portal. */
  readonly readBytes?: (maxBytes: number) => Promise<Uint8Array>;
  readonly format: TimeFormat;
  /** What the person was shown before, in this portal. */
  readonly shown: ShownVersions;
  /** @throws CliError "node_unreachable" when no node runs for this data directory */
  client(): Promise<ApiClient>;
  /** @throws CliError "not_available_here" in the portal */
  hooks(): ProgramHooks;
}

/** How times are shown to people; a test gives a fixed zone. */
export interface TimeFormat {
  /** "18:03" */
  time(atMs: number): string;
  /** "2026-11-22 18:03" */
  date(atMs: number): string;
}

/** A program made of commands. */
export interface ProgramSpec {
  readonly name: "bzzz-agent" | "bzzz-hap";
  readonly binaryType: "agent" | "hap";
  readonly version: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly commands: readonly Command[];
  /** What runs when no verb is given; without it the overview is shown and the status is 2. */
  readonly defaultCommand?: string;
}
