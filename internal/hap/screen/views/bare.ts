import type { Frame, Size } from "../core/frame.ts";
import { fit } from "../core/cells.ts";
import { feedSize } from "../core/feed_layout.ts";
import { currentChannel, type Model } from "../core/model.ts";
import { feedRows } from "./feed.ts";
import { lineOfInput } from "./input.ts";

/** Nothing but the channel's text and the line: what is marked with the terminal's own mouse is copied clean. */
export function bareView(model: Model, size: Size): Frame {
  const { lines, chosenRow } = feedRows(model, currentChannel(model), feedSize(model, size));
  const input = lineOfInput(model, size.columns, "");
  const cursor = chosenRow !== undefined && !model.feed.typing
    ? { row: chosenRow, column: 0 }
    : { row: size.rows - 1, column: input.column };
  return { lines: [...lines, fit(input.line, size.columns)], cursor };
}
