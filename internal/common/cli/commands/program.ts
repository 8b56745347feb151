import { renderCompletion, SHELLS } from "../completion.ts";
import { usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { renderCommandHelp, renderOverview, renderVerbs } from "../help.ts";
import { commandView, programView } from "../help_view.ts";
import { renderManPage, renderManual } from "../manual.ts";
import { findCommand } from "../parse.ts";
import { nearest } from "../suggest.ts";
import type { Command } from "../types.ts";

const version: Command = {
  name: "version",
  group: "program",
  summary: "Version of the program",
  needs: "nothing",
  async run(context) {
    const { name, version } = context.program;
    await context.out.item(
      { name, version, deno: Deno.version.deno, typescript: Deno.version.typescript, target: Deno.build.target },
      () => `${name} ${version} (Deno ${Deno.version.deno}, ${Deno.build.target})`,
    );
    return EXIT.ok;
  },
};

const help: Command = {
  name: "help",
  group: "program",
  summary: "Help, about everything or one command",
  args: [{ name: "command", summary: "Its name", isRest: true }],
  needs: "nothing",
  isInPortal: true,
  async run(context) {
    const { program, out, surface } = context;
    const name = context.values.list("command").join(" ");
    if (name === "") {
      if (out.isJson) await out.json(programView(program));
      else await out.raw(surface === "shell" ? renderOverview(program) : renderVerbs(program));
      return EXIT.ok;
    }
    const { commands } = program;
    const below = commands.filter((command) => command.name.startsWith(`${name} `));
    const found = [findCommand(commands, name), ...below].filter((command) => command !== undefined);
    if (found.length === 0) {
      const guess = nearest(name, commands.map((command) => command.name));
      throw usageError(
        `Cannot help with "${name}": there is no such command${guess ? `; did you mean "${guess}"?` : ""}`,
      );
    }
    if (out.isJson) { for (const command of found) await out.json(commandView(command)); }
    else await out.raw(found.map((command) => renderCommandHelp(program, command)).join("\n\n"));
    return EXIT.ok;
  },
};

const completion: Command = {
  name: "completion",
  group: "program",
  summary: "A completion script for a shell",
  args: [{ name: "shell", summary: "Which", isRequired: true, choices: SHELLS }],
  needs: "nothing",
  async run(context) {
    const shell = SHELLS.find((one) => one === context.values.required("shell"));
    if (shell) await context.out.raw(renderCompletion(context.program, shell));
    return EXIT.ok;
  },
};

const man: Command = {
  name: "man",
  group: "program",
  summary: "The whole manual, as text or as a page for man",
  details: "Install the page with: man --roff > /usr/local/share/man/man1/NAME.1, NAME being the program's.",
  flags: [{ name: "roff", type: "boolean", summary: "The source of a man page instead of text" }],
  needs: "nothing",
  async run(context) {
    const { program, values, out } = context;
    if (values.has("roff")) await out.raw(renderManPage(program));
    else if (out.isJson) await out.json(programView(program));
    else await out.raw(renderManual(program));
    return EXIT.ok;
  },
};

/** About the program itself. */
export const PROGRAM_COMMANDS: readonly Command[] = [version, help, completion, man];
