/**
 * The model as a screen: pure, at every size from `MIN_SIZE` on, and bounded by what can be seen: nothing is laid out that is not shown.
 *
 * @module
 */
import { fit, type Line, line, overlay } from "../core/cells.ts";
import { type Frame, MIN_SIZE, type Size, type View } from "../core/frame.ts";
import type { Model } from "../core/model.ts";
import { bareView } from "./bare.ts";
import { browserView } from "./browser.ts";
import { decisionsView } from "./decisions.ts";
import { inboxView } from "./inbox.ts";
import { mainView } from "./main.ts";
import { modalBox } from "./modals.ts";
import { peersView } from "./peers.ts";
import { tasksView } from "./tasks.ts";

/** The view of a model, as engines want it. */
export function viewOf(model: Model): View {
  return { render: (size) => view(model, size) };
}

/** The screen at that size. */
export function view(model: Model, size: Size): Frame {
  if (size.columns < MIN_SIZE.columns || size.rows < MIN_SIZE.rows) return tooSmall(size);
  const under = placeView(model, size);
  if (!model.modal) return under;
  const box = modalBox(model, model.modal, size);
  const row = Math.max(0, Math.floor((size.rows - box.lines.length) / 2));
  const column = Math.max(0, Math.floor((size.columns - box.columns) / 2));
  return {
    lines: overlay(under.lines, box.lines, { row, column, columns: size.columns }),
    ...(box.cursor ? { cursor: { row: row + box.cursor.row, column: column + box.cursor.column } } : {}),
  };
}

function placeView(model: Model, size: Size): Frame {
  switch (model.place) {
    case "main":
      return model.isBare ? bareView(model, size) : mainView(model, size);
    case "inbox":
      return inboxView(model, size);
    case "peers":
      return peersView(model, size);
    case "tasks":
      return tasksView(model, size);
    case "browser":
      return browserView(model, size);
    case "decisions":
      return decisionsView(model, size);
  }
}

function tooSmall(size: Size): Frame {
  const text = `${size.columns}x${size.rows}: at least ${MIN_SIZE.columns}x${MIN_SIZE.rows} is needed`;
  const lines: Line[] = Array.from({ length: size.rows }, (_, i) => fit(line(i === 0 ? text : ""), size.columns));
  return { lines };
}
