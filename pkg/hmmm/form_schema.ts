import { once } from "@bzzz/base";
import { z } from "zod";
import { checkForm, type FieldType, type FormField, type FormProblem, type FormValues } from "./form.ts";

/** Fields that the form of a request may have. */
export const MAX_FORM_FIELDS = 32;

const words = once(() => z.string().max(1024));
const choices = once(() => z.array(z.string().min(1).max(200)).min(1).max(64));
const titled = once(() =>
  z.array(z.object({ const: z.string().min(1).max(200), title: words().optional() })).min(1).max(64)
);
const common = once(() => ({ title: words().optional(), description: words().optional() }));
const limit = once(() => z.int().min(0).max(16_384).optional());

const PROPERTY = once(() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("string"),
      ...common(),
      minLength: limit(),
      maxLength: limit(),
      format: z.enum(["email", "uri", "date", "date-time"]).optional(),
      enum: choices().optional(),
      enumNames: choices().optional(),
      oneOf: titled().optional(),
      default: z.string().optional(),
    }),
    z.strictObject({
      type: z.enum(["number", "integer"]),
      ...common(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      default: z.number().optional(),
    }),
    z.strictObject({ type: z.literal("boolean"), ...common(), default: z.boolean().optional() }),
    z.strictObject({
      type: z.literal("array"),
      ...common(),
      minItems: limit(),
      maxItems: limit(),
      items: z.union([
        z.strictObject({ type: z.literal("string"), enum: choices() }),
        z.strictObject({ anyOf: titled() }),
      ]),
      default: z.array(z.string()).optional(),
    }),
  ])
);
type Property = z.infer<ReturnType<typeof PROPERTY>>;

/** A flat JSON Schema, the subset that MCP's elicitation has: no nesting, no references, no patterns. */
const FORM_SCHEMA = once(() =>
  z.strictObject({
    type: z.literal("object"),
    properties: z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/, "expected a name"), PROPERTY())
      .refine((all) => Object.keys(all).length >= 1 && Object.keys(all).length <= MAX_FORM_FIELDS, {
        message: `expected 1 to ${MAX_FORM_FIELDS} fields`,
      }),
    required: z.array(z.string()).max(MAX_FORM_FIELDS).optional(),
  }).refine(({ properties, required = [] }) => required.every((name) => Object.hasOwn(properties, name)), {
    message: "expected that every required field exists",
    path: ["required"],
  })
);

/** The fields of a schema as a request carries it. Never throws. */
export function parseFormSchema(
  text: string,
): { readonly ok: true; readonly fields: readonly FormField[] } | { readonly ok: false; readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: "it is not JSON" };
  }
  const parsed = FORM_SCHEMA().safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, problem: issue ? `${issue.path.join(".") || "it"}: ${issue.message}` : "it is not valid" };
  }
  const { properties, required = [] } = parsed.data;
  const fields = Object.entries(properties).map(([name, one]) => fieldOf(name, one, required.includes(name)));
  return { ok: true, fields };
}

function fieldOf(name: string, property: Property, isRequired: boolean): FormField {
  return {
    name,
    label: property.title ?? name,
    isRequired,
    help: property.description,
    default: property.default,
    ...limitsOf(property),
  };
}

function limitsOf(property: Property): Pick<FormField, "type" | "values" | "min" | "max"> {
  switch (property.type) {
    case "boolean":
      return { type: "boolean" };
    case "integer":
    case "number":
      return { type: property.type, min: property.minimum, max: property.maximum };
    case "array": {
      const { items } = property;
      const values = "enum" in items ? items.enum : items.anyOf.map((one) => one.const);
      return { type: "multi-enum", values, min: property.minItems, max: property.maxItems };
    }
    default: {
      const values = property.enum ?? property.oneOf?.map((one) => one.const);
      if (values) return { type: "enum", values };
      const type: FieldType = property.format ?? ((property.maxLength ?? 0) > 200 ? "multiline" : "text");
      return { type, min: property.minLength, max: property.maxLength };
    }
  }
}

/** The answer to a form: JSON text against the schema of its request. Never throws. */
export function checkFormText(
  schema: string,
  values: string,
): { readonly ok: true; readonly values: FormValues } | {
  readonly ok: false;
  readonly problems: readonly FormProblem[];
} {
  const form = parseFormSchema(schema);
  if (!form.ok) return { ok: false, problems: [{ field: "", problem: `the form cannot be read: ${form.problem}` }] };
  let given: unknown;
  try {
    given = JSON.parse(values);
  } catch {
    given = undefined; // the same as another wrong value
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    return { ok: false, problems: [{ field: "", problem: "expected one JSON object" }] };
  }
  return checkForm(form.fields, given as Record<string, unknown>); // an object; its members are checked one by one
}
