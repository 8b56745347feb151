import { type PageApp, refusalOf, USED_FORM, type Visit } from "@bzzz/web";
import { findTemplate } from "../../forms/template_commands.ts";
import { composeOutgoing, describeOutgoing } from "../../forms/outgoing.ts";
import { sendOutgoing } from "../../forms/send_outgoing.ts";
import type { Template } from "../../forms/template.ts";
import { formValues } from "../form_values.ts";
import { fullPage, justDone, type PageParts, readForm } from "../page.tsx";
import { TemplateList, TemplatePage } from "../views/templates.tsx";

const SAID: Readonly<Record<string, string>> = {
  message: "Sent. It is in its room.",
  ask: "Asked. The inbox tells what becomes of it.",
  task: "Posted. It is among the tasks.",
  decision: "Put to the vote. It is among the decisions.",
};

/** The templates of the person: filled in, looked at, sent. */
export function addFormRoutes(app: PageApp, parts: PageParts): void {
  const { client, clock, libraries: { templates } } = parts;
  const load = (visit: Visit) => findTemplate(templates, visit.req.param("template") ?? "");

  app.get("/forms", async (visit) => {
    const { entries, broken } = await templates.read();
    const list = <TemplateList templates={[...entries.values()]} broken={[...broken.keys()]} />;
    return await fullPage(visit, parts, { title: "Forms", section: "Forms" }, list);
  });

  app.get("/forms/:template", async (visit) => {
    const template = await load(visit);
    const said = justDone(visit, SAID, "sent");
    return await templatePage(visit, parts, template, said === undefined ? {} : { said });
  });

  app.post("/forms/:template", async (visit) => {
    const template = await load(visit);
    const form = await readForm(visit.req.raw, parts);
    const again = (problem: string, status: number) =>
      templatePage(visit, parts, template, { problem, status, typed: form });
    if (visit.var.session.forms.take(form.get("form") ?? "", purposeOf(template)) !== "fresh") {
      return await again(USED_FORM, 409);
    }
    const values = formValues(template.fields, form);
    if (typeof values === "string") return await again(values, 422);
    try {
      const outgoing = composeOutgoing(template, values, clock.nowMs());
      const preview = describeOutgoing(outgoing);
      if (form.get("act") !== "send") return await templatePage(visit, parts, template, { preview, typed: form });
      const sent = await sendOutgoing(outgoing, { client, signal: visit.req.raw.signal });
      return visit.redirect(`/forms/${template.id}?sent=${sent.what}`, 303);
    } catch (error) {
      const { message, status } = refusalOf(error);
      return await again(message, status);
    }
  });
}

/** A token is for one template as it was shown. */
function purposeOf({ id, version }: Template): string {
  return `template ${id} ${version}`;
}

async function templatePage(
  visit: Visit,
  parts: PageParts,
  template: Template,
  options: {
    readonly typed?: URLSearchParams;
    readonly problem?: string;
    readonly said?: string;
    readonly preview?: string;
    readonly status?: number;
  },
): Promise<Response> {
  const { typed, problem, said, preview, status = 200 } = options;
  return await fullPage(
    visit,
    parts,
    { title: template.title, section: "Forms", status },
    <TemplatePage
      template={template}
      form={visit.var.session.forms.issue(purposeOf(template))}
      typed={typed}
      problem={problem}
      said={said}
      preview={preview}
      isObserver={parts.isObserver}
    />,
  );
}
