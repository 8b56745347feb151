import type { Frame, Size } from "../core/frame.ts";
import { fit, span } from "../core/cells.ts";
import { currentChannel, type Model } from "../core/model.ts";
import { feedRows } from "./feed.ts";
import { inputPart } from "./parts.ts";

/** Nothing but the channel's text and the line: what is marked with the terminal's own mouse is copied clean. */
export function bareView(model: Model, size: Size): Frame {
  const rows = feedRows(model, currentChannel(model), { columns: size.columns, rows: size.rows - 1 });
  const input = inputPart(model.input, size.columns - 3);
  return {
    lines: [...rows, fit([span("> ", "strong"), span(input.text)], size.columns)],
    cursor: { row: size.rows - 1, column: 2 + input.column },
  };
}
