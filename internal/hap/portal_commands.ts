import { type Command, type CommandContext, withCommands } from "@bzzz/cli";
import { createSendCommand } from "./forms/send_command.ts";
import { createTemplateCommands } from "./forms/template_commands.ts";
import { librariesOfConfig, type PersonLibraries } from "./libraries.ts";
import { policyCommandsAt } from "./prompts/policy_commands.ts";
import { createPromptCommands } from "./prompts/prompt_commands.ts";

function commandsOf(librariesOf: (context: CommandContext) => Promise<PersonLibraries>): readonly Command[] {
  return [
    ...createTemplateCommands(async (context) => (await librariesOf(context)).templates),
    createSendCommand(async (context) => (await librariesOf(context)).templates),
    ...createPromptCommands(async (context) => (await librariesOf(context)).prompts),
  ];
}

/** The verbs of a person's libraries for a shell: the configuration says where they are. */
export const LIBRARY_COMMANDS: readonly Command[] = commandsOf(async (context) => {
  const { config, home } = await context.hooks().loadConfig(context.globals);
  return librariesOfConfig(config, home);
});

/** The verbs of a prompt: those of both programs, and those of the person's libraries and policy. */
export function portalCommands(libraries: PersonLibraries): readonly Command[] {
  const own = [...commandsOf(() => Promise.resolve(libraries)), ...policyCommandsAt(libraries.policyPath)];
  return withCommands(own).filter((command) => command.isInPortal);
}
