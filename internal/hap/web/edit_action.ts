import { sanitiseText } from "@bzzz/cli";
import type { Action } from "./views/request.tsx";

/** The names of the fields that a changed action has. */
export const ACTION_FIELDS = {
  target: "target",
  effect: "effect",
  value: (at: number): string => `value.${at}`,
  dropped: (at: number): string => `drop.${at}`,
} as const;

/** A value as its field shows it. */
export function shownValue(value: string | number | boolean): string {
  return typeof value === "string" ? sanitiseText(value) : String(value);
}

/**
 * The action as a form has changed it, or what is wrong with the form. The verb stays, and so does the type of each
 * argument. A field that is as it was shown keeps what it showed, with all that cannot be shown.
 */
export function editAction(action: Action, form: URLSearchParams): Action | string {
  const textOf = (key: string, before: string) => {
    const text = form.get(key)?.replaceAll("\r\n", "\n");
    return text === undefined || text === shownValue(before).replaceAll("\r\n", "\n") ? before : text;
  };
  const args: Action["args"] = [];
  for (const [at, { name, value }] of action.args.entries()) {
    if (form.has(ACTION_FIELDS.dropped(at))) continue;
    if (typeof value === "string") {
      args.push({ name, value: textOf(ACTION_FIELDS.value(at), value) });
      continue;
    }
    const text = form.get(ACTION_FIELDS.value(at))?.trim() ?? String(value);
    const read = typeof value === "boolean" ? readBoolean(text) : readNumber(text);
    if (read === undefined) {
      const expected = typeof value === "boolean" ? "yes or no" : "a number";
      return `Nothing was sent: ${sanitiseText(name)}: expected ${expected}, found "${
        sanitiseText(text).slice(0, 80)
      }".`;
    }
    args.push({ name, value: read });
  }
  return {
    ...action,
    target: textOf(ACTION_FIELDS.target, action.target),
    effect: textOf(ACTION_FIELDS.effect, action.effect),
    args,
  };
}

function readBoolean(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}

function readNumber(text: string): number | undefined {
  const number = Number(text);
  return text !== "" && Number.isFinite(number) ? number : undefined;
}
