import type { Key } from "../../terminal/keys.ts";
import { edit, type EditorState } from "../../terminal/line_editor.ts";
import type { Press } from "./keys.ts";

/** Keys that edit a line of text, wherever there is one (readline's). */
const EDITING: Readonly<Record<string, Exclude<Key["type"], "text" | "paste">>> = {
  backspace: "backspace",
  delete: "delete",
  left: "left",
  right: "right",
  home: "home",
  end: "end",
  "ctrl+e": "end",
  "ctrl+f": "right",
  "ctrl+k": "kill_to_end",
  "ctrl+u": "kill_to_start",
  "ctrl+w": "kill_word",
  "alt+backspace": "kill_word",
};

/** The line after a press that edits it; undefined when the press does something else. */
export function editLine(line: EditorState, press: Press): EditorState | undefined {
  if (press.type === "paste") return edit(line, { type: "paste", text: press.text }).state;
  if (press.type !== "key") return undefined;
  if (press.text !== undefined) return edit(line, { type: "text", text: press.text }).state;
  const type = EDITING[press.name];
  return type === undefined ? undefined : edit(line, { type }).state;
}
