import { parseDocument } from "yaml";

/**
 * The text of a configuration file with other values: `settings` are dotted keys. Comments, order and everything else stay; a key that
 * has its value already is not touched.
 */
export function changeSettings(text: string, settings: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text, { version: "1.2", schema: "core" });
  let isChanged = false;
  for (const [key, value] of Object.entries(settings)) {
    const path = key.split(".");
    if (JSON.stringify(document.getIn(path)) === JSON.stringify(value)) continue;
    document.setIn(path, value);
    isChanged = true;
  }
  if (!isChanged) return text;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
