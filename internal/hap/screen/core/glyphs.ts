/** The signs the screen is drawn with; every one is one column wide. */
export interface Glyphs {
  readonly horizontal: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  readonly teeLeft: string;
  readonly teeRight: string;
  readonly pointer: string;
  readonly here: string;
  readonly away: string;
  readonly more: string;
  readonly down: string;
  readonly dot: string;
}

/** For terminals that show Unicode. */
export const UNICODE_GLYPHS: Glyphs = {
  horizontal: "─",
  vertical: "│",
  topLeft: "┌",
  topRight: "┐",
  bottomLeft: "└",
  bottomRight: "┘",
  teeLeft: "├",
  teeRight: "┤",
  pointer: "▌",
  here: "●",
  away: "○",
  more: "…",
  down: "↓",
  dot: "·",
};

/** For terminals and readers that have nothing but ASCII. */
export const ASCII_GLYPHS: Glyphs = {
  horizontal: "-",
  vertical: "|",
  topLeft: "+",
  topRight: "+",
  bottomLeft: "+",
  bottomRight: "+",
  teeLeft: "+",
  teeRight: "+",
  pointer: ">",
  here: "*",
  away: "o",
  more: "~",
  down: "v",
  dot: "-",
};
