import type { Line } from "./cells.ts";

/** Columns and rows of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The least that is drawn on; below it the screen asks for more room. */
export const MIN_SIZE: Size = { columns: 40, rows: 10 };

/** A whole screen: one line per row, and where the person's cursor stands. It follows the focus, for who enlarges the screen there. */
export interface Frame {
  readonly lines: readonly Line[];
  readonly cursor?: { readonly row: number; readonly column: number };
}

/**
 * The interface between the core and whatever draws: the seam behind which an engine can be replaced.
 */
export interface View {
  /** The screen at that size; pure, so that drawing twice gives the same. */
  render(size: Size): Frame;
}
