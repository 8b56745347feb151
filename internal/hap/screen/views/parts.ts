/**
 * What the views share: bars, boxes, lines of input, lists that lay out only what is seen.
 *
 * @module
 */
import { displayWidth, keyTimeLeft } from "@bzzz/cli";
import type { EditorState } from "../../terminal/line_editor.ts";
import { clip, fit, headOf, highlight, type Line, line, lineWidth, span, type StyleName, wrap } from "../core/cells.ts";
import type { Size } from "../core/frame.ts";
import type { Glyphs } from "../core/glyphs.ts";
import type { Model } from "../core/model.ts";
import { waiting } from "../core/asks.ts";
import { showKey } from "../core/keys.ts";
import type { ActionName } from "../keymap/actions.ts";

/** Narrower, the upper edge tells of an open key alone: that it is locked, the next decision says. */
const MIN_LOCKED_COLUMNS = 80;

/** The upper edge: where one is on the left, what waits on the right. */
export function topBar(model: Model, title: string, columns: number): Line {
  const { glyphs, format } = model.settings;
  const count = waiting(model).length;
  const asks = count === 0 ? "" : `${count} ${count === 1 ? "ask" : "asks"} ! ${glyphs.dot} `;
  const away = model.presence === "here" ? "" : `${model.presence} ${glyphs.dot} `;
  const right: Line = [
    span(" "),
    span(away, "warning"),
    ...keyPart(model, columns),
    span(asks, "danger"),
    span(format.time(model.nowMs)),
    span(` ${glyphs.horizontal}${glyphs.topRight}`, "border"),
  ];
  return edge(model, { left: glyphs.topLeft, title, right, columns });
}

/** The person's key, where it has a passphrase: for how long it is open, or that it is locked. */
function keyPart({ key, nowMs, settings: { glyphs } }: Model, columns: number): Line {
  if (key?.state !== "locked" && key?.state !== "unlocked") return [];
  const { unlocked_until_ms: untilMs } = key;
  if (key.state === "unlocked" && (untilMs === undefined || untilMs > nowMs)) {
    return [span(`key ${untilMs === undefined ? "open" : keyTimeLeft(untilMs, nowMs)} ${glyphs.dot} `, "warning")];
  }
  return columns < MIN_LOCKED_COLUMNS ? [] : [span(`key locked ${glyphs.dot} `, "dim")];
}

/** A separator or lower edge with words in it. */
export function edge(
  model: Model,
  parts: { left: string; title: string; right: Line; columns: number; style?: StyleName },
): Line {
  const { glyphs } = model.settings;
  if (parts.title === "") {
    const all = parts.columns - lineWidth(parts.right) - displayWidth(parts.left);
    return [span(parts.left + glyphs.horizontal.repeat(Math.max(0, all)), "border"), ...parts.right];
  }
  const room = parts.columns - lineWidth(parts.right) - displayWidth(parts.left) - 3;
  const title = clip(parts.title, Math.max(0, room), glyphs.more);
  const fill = parts.columns - lineWidth(parts.right) - displayWidth(parts.left) - displayWidth(title) - 2;
  return fit(
    [
      span(`${parts.left} `, "border"),
      span(title, parts.style ?? "strong"),
      span(` ${glyphs.horizontal.repeat(Math.max(0, fill))}`, "border"),
      ...parts.right,
    ],
    parts.columns,
    { mark: glyphs.more },
  );
}

/** The lower edge: what can be done, or the hint of the moment. */
export function bottomBar(model: Model, help: string, columns: number): Line {
  const { glyphs } = model.settings;
  const link = model.link.state === "up" ? "" : model.link.state === "down" ? " no node " : " connecting ";
  const right: Line = [span(link, "danger"), span(`${glyphs.horizontal}${glyphs.bottomRight}`, "border")];
  const hasHint = model.hint !== "";
  return edge(model, {
    left: glyphs.bottomLeft,
    title: hasHint ? model.hint : help,
    right,
    columns,
    style: hasHint ? "warning" : "dim",
  });
}

/** A line between the side edges. */
export function framed(glyphs: Glyphs, content: Line, columns: number): Line {
  return [
    span(glyphs.vertical, "border"),
    ...fit(content, columns - 2, { mark: glyphs.more }),
    span(glyphs.vertical, "border"),
  ];
}

/** The part of a line of input that fits, and the cursor's column in it. */
export function inputPart(state: EditorState, columns: number): { readonly text: string; readonly column: number } {
  const before = state.text.slice(0, state.cursor);
  if (displayWidth(state.text) < columns) return { text: state.text, column: displayWidth(before) };
  let start = before;
  while (displayWidth(start) >= columns - 1 && start !== "") start = start.slice(headOf(start, 2).length || 1);
  return { text: headOf(start + state.text.slice(state.cursor), columns), column: displayWidth(start) };
}

/** A box with a title, its lines cut to the width. */
export function box(
  model: Model,
  parts: {
    readonly title: string;
    readonly lines: readonly Line[];
    readonly columns: number;
    readonly style?: StyleName;
  },
): Line[] {
  const { glyphs } = model.settings;
  const { columns } = parts;
  return [
    edge(model, {
      left: glyphs.topLeft,
      title: parts.title,
      right: [span(`${glyphs.horizontal}${glyphs.topRight}`, "border")],
      columns,
      style: parts.style ?? "strong",
    }),
    ...parts.lines.map((content) => framed(glyphs, content, columns)),
    [span(glyphs.bottomLeft + glyphs.horizontal.repeat(columns - 2) + glyphs.bottomRight, "border")],
  ];
}

/** The rows of a list that are seen, the selected one among them and marked by a sign, not by colour alone. */
export function listRows<T>(
  model: Model,
  parts: {
    readonly items: readonly T[];
    readonly selected: number;
    readonly rows: number;
    readonly columns: number;
    readonly render: (item: T) => Line;
    readonly empty: string;
    /** Words that are marked where they stand. */
    readonly words?: string;
  },
): Line[] {
  const { glyphs } = model.settings;
  if (parts.items.length === 0) {
    return pad([fit(line(` ${parts.empty}`, "dim"), parts.columns)], parts.rows, parts.columns);
  }
  const top = Math.max(0, Math.min(parts.selected - Math.floor(parts.rows / 2), parts.items.length - parts.rows));
  const lines = parts.items.slice(top, top + parts.rows).map((item, i) => {
    const isSelected = top + i === parts.selected;
    const content: Line = [span(isSelected ? glyphs.pointer : " ", "accent"), ...parts.render(item)];
    const fitted = fit(content, parts.columns, { mark: glyphs.more });
    return highlight(isSelected ? fitted.map((part) => span(part.text, "selected")) : fitted, parts.words ?? "");
  });
  return pad(lines, parts.rows, parts.columns);
}

/** Cells in columns of given widths, one space apart; the last one takes what is left. */
export function cells(
  glyphs: Glyphs,
  parts: readonly { readonly text: string; readonly columns?: number; readonly style?: StyleName }[],
): Line {
  return parts.flatMap(({ text, columns, style }, i) => {
    const cell = columns === undefined ? line(text, style) : fit(line(text, style), columns, { mark: glyphs.more });
    return i === 0 ? cell : [span(" "), ...cell];
  });
}

/** The beginning of a text beside or below a list; what does not fit is said, and a key shows all of it. */
export function textPane(model: Model, texts: readonly string[], size: Size): Line[] {
  const { columns, rows } = size;
  const { glyphs } = model.settings;
  const lines = texts.flatMap((text) => wrap(text, columns - 1));
  const shown = lines.slice(0, rows).map((text, i) =>
    fit(line(` ${text}`, i === 0 ? "strong" : "plain"), columns, { mark: glyphs.more })
  );
  if (lines.length > rows && rows > 0) {
    const key = keyOf(model, "open");
    const more = ` ${glyphs.more} ${lines.length - rows + 1} more lines${key === undefined ? "" : `: ${key}`}`;
    shown[rows - 1] = fit(line(more, "warning"), columns);
  }
  return shown;
}

/** The lines with empty ones up to `rows`. */
export function pad(lines: readonly Line[], rows: number, columns: number): Line[] {
  const empty = fit([], columns);
  return Array.from({ length: rows }, (_, i) => lines[i] ?? empty);
}

/** Two panes side by side with a line between them. */
export function beside(glyphs: Glyphs, left: readonly Line[], right: readonly Line[]): Line[] {
  return left.map((content, i) => [...content, span(glyphs.vertical, "border"), ...right[i] ?? []]);
}

/** "Alt+R asks · F1 keys": the first key of each action with a word, from the key map; what there is no room for is left out before the last. */
export function keyHelp(
  model: Model,
  entries: readonly (readonly [action: ActionName, word: string])[],
  columns: number,
): string {
  const { glyphs } = model.settings;
  const all = entries.flatMap(([action, word]) => {
    const key = keyOf(model, action);
    return key === undefined ? [] : [`${key} ${word}`];
  });
  const separator = ` ${glyphs.dot} `;
  while (all.length > 1 && displayWidth(all.join(separator)) > columns - 20) all.splice(-2, 1);
  return all.join(separator);
}

/** The first key of an action, for people. */
export function keyOf(model: Model, action: ActionName): string | undefined {
  const [key] = model.settings.keymap.keysOf(action);
  return key === undefined ? undefined : showKey(key);
}
