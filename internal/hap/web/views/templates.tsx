import { sanitiseLine } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import type { Listed } from "../../forms/library.ts";
import type { Template } from "../../forms/template.ts";
import { FormFields } from "./form.tsx";

/** The templates there are. */
export function TemplateList({ templates, broken }: {
  readonly templates: readonly Listed<Template>[];
  readonly broken: readonly string[];
}): Html {
  return (
    <>
      <ul>
        {templates.map(({ value, origin }) => (
          <li>
            <a href={`/forms/${value.id}`}>
              <Said text={value.title} />
            </a>{" "}
            <span class="quiet">
              {value.id} v{value.version}, sends a {value.send.kind}, {origin === "built in" ? "built in" : "yours"}
            </span>
          </li>
        ))}
      </ul>
      {broken.length === 0 ? "" : (
        <p class="problem" role="alert">
          Cannot be used: {broken.map((id) => sanitiseLine(id)).join(", ")}; templates lint says why.
        </p>
      )}
    </>
  );
}

/** One template, to be filled in; once it was, what would be sent stands above its second button. */
export function TemplatePage({ template, form, typed, problem, said, preview, isObserver }: {
  readonly template: Template;
  readonly form: string;
  readonly typed: URLSearchParams | undefined;
  readonly problem: string | undefined;
  readonly said: string | undefined;
  readonly preview: string | undefined;
  readonly isObserver: boolean;
}): Html {
  return (
    <>
      {said === undefined ? "" : <p class="notice" role="status">{sanitiseLine(said)}</p>}
      {problem === undefined ? "" : <p class="problem" role="alert">{sanitiseLine(problem, 1_000)}</p>}
      {preview === undefined ? "" : <SaidBlock label="What would be sent" text={preview} />}
      {isObserver ? "" : (
        <form method="post" action={`/forms/${template.id}`}>
          <input type="hidden" name="form" value={form} />
          <FormFields fields={template.fields} typed={typed} />
          <button type="submit" name="act" value="look">Look at what would be sent</button>
          {preview === undefined ? "" : <button type="submit" name="act" value="send">Send it</button>}
        </form>
      )}
      <p>
        <a href="/forms">All forms</a>
      </p>
    </>
  );
}
