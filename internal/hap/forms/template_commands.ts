import {
  CliError,
  type Command,
  type CommandContext,
  EXIT,
  type ExitStatus,
  fillForm,
  type FlagSpec,
  FORM_FLAGS,
  isFilledIn,
  sanitiseLine,
} from "@bzzz/cli";
import { formatIssues } from "@bzzz/config";
import type { YamlLibrary } from "./library.ts";
import { IDS_FLAG, tellIds } from "./library_ids.ts";
import { findListed, lintLibrary } from "./library_lint.ts";
import { composeOutgoing, describeOutgoing } from "./outgoing.ts";
import { sendOutgoing } from "./send_outgoing.ts";
import { newTemplate } from "./new_template.ts";
import { parseTemplate, type Template } from "./template.ts";
import { describeTemplate } from "./template_view.ts";

/** The templates of a person. */
export type TemplateLibrary = YamlLibrary<Template>;
/** Where a command finds them: by the configuration in a shell, by what is at hand in a portal. */
export type TemplatesOf = (context: CommandContext) => Promise<TemplateLibrary>;

/** Prints the ids of templates, for completion. */
export const TEMPLATE_IDS = "templates list --ids";
/** Of `form` and `send`. */
export const PREVIEW_FLAG: FlagSpec = { name: "preview", type: "boolean", summary: "Show what would be sent, and end" };

/** The verbs of templates and forms. */
export function createTemplateCommands(templatesOf: TemplatesOf): readonly Command[] {
  const TEMPLATE_ARG = {
    name: "template",
    summary: "Its id, as templates list shows it",
    isRequired: true,
    valuesFrom: TEMPLATE_IDS,
  } as const;

  const list: Command = {
    name: "templates list",
    aliases: ["templates"],
    group: "people",
    summary: "Messages that can be filled in: yours and the built-in ones",
    flags: [IDS_FLAG],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const { entries, broken, notes } = await (await templatesOf(context)).read();
      if (context.values.has("ids")) return await tellIds(context, entries.keys());
      const rows = [...entries.values()].map(({ value, origin }) => ({
        id: value.id,
        version: value.version,
        title: value.title,
        sends: value.send.kind,
        origin,
      }));
      await context.out.list(rows, {
        heading: ["TEMPLATE", "VERSION", "SENDS", "TITLE", "FROM"],
        row: ({ id, version, sends, title, origin }) => [id, `v${version}`, sends, sanitiseLine(title, 80), origin],
        empty: "No templates.",
      });
      for (const note of notes) await context.note(note);
      for (const id of broken.keys()) await context.note(`Template "${id}" cannot be used: templates lint says why`);
      return EXIT.ok;
    },
  };

  const show: Command = {
    name: "templates show",
    group: "people",
    summary: "One template: its fields and what it sends",
    args: [TEMPLATE_ARG],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const id = context.values.required("template");
      const { value, origin } = await findListed(await templatesOf(context), { what: "template", id });
      await context.out.item({ ...value, origin }, () => describeTemplate(value, origin));
      return EXIT.ok;
    },
  };

  const lint: Command = {
    name: "templates lint",
    group: "people",
    summary: "Look whether templates are valid: every mistake with its line",
    args: [{ name: "file", summary: "One file instead of the folder of interface.message_templates_path" }],
    needs: "data_dir",
    isInPortal: true,
    async run(context) {
      const file = context.values.text("file");
      const { where, ids, issues } = await lintLibrary(await templatesOf(context), file, parseTemplate);
      if (issues.length > 0) {
        throw new CliError("validation_failed", `Cannot use the templates:\n${formatIssues(issues)}`);
      }
      await context.out.item({ where, templates: ids }, () => `${where}: ${ids.length} templates, valid`);
      return EXIT.ok;
    },
  };

  const create: Command = {
    name: "templates new",
    group: "people",
    summary: "Begin a template of your own: a copy of a built-in one, in your folder",
    details: "What the folder has already is never replaced. A template with the id of a built-in one takes its place.",
    args: [{ name: "id", summary: "What it is called: a-z, 0-9 and -", isRequired: true }],
    flags: [{ name: "from", type: "string", value: "TEMPLATE", summary: "Copy this built-in one (question)" }],
    needs: "data_dir",
    async run(context) {
      const { folder } = await templatesOf(context);
      const file = await newTemplate(folder, context.values.required("id"), context.values.text("from") ?? "question");
      await context.out.item(
        { file },
        () => `Wrote ${file}; it can be used at once. templates lint looks for mistakes.`,
      );
      return EXIT.ok;
    },
  };

  const form: Command = {
    name: "form",
    group: "people",
    summary: "Fill a template in and send it",
    details:
      "Without --set and --json-file its fields are asked one by one, and what would be sent is shown before it is; " +
      "--preview shows it and sends nothing.",
    args: [TEMPLATE_ARG],
    flags: [...FORM_FLAGS, PREVIEW_FLAG],
    needs: "node",
    isInPortal: true,
    async run(context) {
      return await sendForm(context, await templatesOf(context), context.values.required("template"));
    },
  };
  return [form, list, show, lint, create];
}

/**
 * Fills a template in as the command line says, and sends it; `--preview` shows it alone.
 * @throws as `findListed`, `fillForm` and `sendOutgoing`; CliError "cancelled" when the person did not agree
 */
export async function sendForm(context: CommandContext, library: TemplateLibrary, id: string): Promise<ExitStatus> {
  const template = await findTemplate(library, id);
  const values = await fillForm(context, template.fields, `template "${template.id}"`);
  const outgoing = composeOutgoing(template, values, context.clock.nowMs());
  const { version } = template;
  if (context.values.has("preview")) {
    await context.out.item({ template: id, version, ...outgoing }, () => describeOutgoing(outgoing));
    return EXIT.ok;
  }
  if (!isFilledIn(context)) await confirm(context, describeOutgoing(outgoing));
  const sent = await sendOutgoing(outgoing, { client: await context.client(), signal: context.signal });
  await context.out.item(
    { template: id, version, what: sent.what, id: sent.id, short_id: sent.shortId },
    () => `Sent as ${sent.what} ${sanitiseLine(sent.shortId)}.`,
  );
  return EXIT.ok;
}

/** One template. @throws as `findListed` */
export async function findTemplate(library: TemplateLibrary, id: string): Promise<Template> {
  return (await findListed(library, { what: "template", id })).value;
}

async function confirm(context: CommandContext, preview: string): Promise<void> {
  await context.note(preview);
  const said = await context.ask?.("Send it? y/n: ");
  if (said?.trim().toLowerCase() !== "y") throw new CliError("cancelled", "Not sent");
}
