import { type Command, COMMANDS, FORM_FLAGS, usageError } from "@bzzz/cli";
import { PREVIEW_FLAG, sendForm, TEMPLATE_IDS, type TemplatesOf } from "./template_commands.ts";

/** `send` of a portal: the words of a line, as everywhere, or those of a template. */
export function createSendCommand(templatesOf: TemplatesOf): Command {
  const plain = COMMANDS.find(({ name }) => name === "send");
  if (!plain) throw new TypeError("Unreachable: both programs have the verb send");
  const { args = [], flags = [] } = plain;
  return {
    ...plain,
    details: `${plain.details ?? ""} With --template its words are those of the template, filled in with --set or ` +
      "--json-file, or asked for field by field; the template says what it becomes and where it goes.",
    args: args.map((arg) => ({ ...arg, isRequired: false })),
    flags: [
      ...flags,
      {
        name: "template",
        type: "string",
        value: "TEMPLATE",
        summary: "What it says, as templates list shows them",
        valuesFrom: TEMPLATE_IDS,
      },
      ...FORM_FLAGS,
      PREVIEW_FLAG,
    ],
    async run(context) {
      const { values } = context;
      const id = values.text("template");
      const isOf = (names: readonly { readonly name: string }[]) =>
        names.map(({ name }) => name)
          .filter((name) => values.has(name) || values.text(name) !== undefined || values.list(name).length > 0);
      if (id === undefined) {
        const [stray] = isOf([...FORM_FLAGS, PREVIEW_FLAG]);
        if (stray !== undefined) throw usageError(`Cannot send: --${stray} is of a template; name it with --template`);
        if (values.list("text").length === 0) throw usageError("Cannot send nothing: words are missing");
        return await plain.run(context);
      }
      const [stray] = isOf(flags);
      if (stray !== undefined) throw usageError(`Cannot send template "${id}" with --${stray}: the template says that`);
      if (values.list("text").length > 0) {
        throw usageError(`Cannot send words with template "${id}": its words are its own; fill them in with --set`);
      }
      return await sendForm(context, await templatesOf(context), id);
    },
  };
}
