import { describeField, sanitiseLine, sanitiseText } from "@bzzz/cli";
import type { Template } from "./template.ts";

/** The whole of a template as lines. */
export function describeTemplate(
  { id, version, title, send, fields, titleText, body }: Template,
  origin: string,
): string[] {
  const { kind, ...rest } = send;
  const details = Object.entries(rest).filter(([, value]) =>
    value !== undefined && !(Array.isArray(value) && value.length === 0)
  );
  return [
    `Template ${id} v${version}: ${sanitiseLine(title)}`,
    `From: ${sanitiseLine(origin)}`,
    `Sends: ${kind}${
      details.map(([key, value]) => `, ${key} ${sanitiseLine(Array.isArray(value) ? value.join(" ") : String(value))}`)
        .join("")
    }`,
    "Fields:",
    ...fields.map((field) => `  ${describeField(field)}${whenOf(field.when)}`),
    `Title: ${sanitiseLine(titleText)}`,
    "Text:",
    ...sanitiseText(body).trimEnd().split("\n").map((line) => `  ${line}`),
  ];
}

function whenOf(when: Readonly<Record<string, readonly string[]>> = {}): string {
  const all = Object.entries(when).map(([name, values]) =>
    `${name} is ${values.map((one) => sanitiseLine(one)).join(" or ")}`
  );
  return all.length === 0 ? "" : ` (only while ${all.join(", and ")})`;
}
