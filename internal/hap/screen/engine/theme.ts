import type { StyleName } from "../core/cells.ts";

/** Names of the themes a configuration may choose. */
export const THEMES = ["dark", "light", "contrast", "mono"] as const;
/** One of `THEMES`. */
export type ThemeName = (typeof THEMES)[number];

/** SGR parameters of every style; "" is the terminal's own. */
export type Theme = Readonly<Record<StyleName, string>>;

const MONO: Theme = {
  plain: "",
  dim: "",
  strong: "1",
  accent: "1",
  good: "",
  warning: "1",
  danger: "1;4",
  border: "",
  selected: "7",
  found: "1;4",
};

// The sixteen colours that a person's terminal defines: they fit its background, and a screen reader's too.
const THEME_TABLE: Readonly<Record<ThemeName, Theme>> = {
  dark: {
    plain: "",
    dim: "90",
    strong: "1",
    accent: "96",
    good: "92",
    warning: "93",
    danger: "1;91",
    border: "90",
    selected: "7",
    found: "4;30;103",
  },
  light: {
    plain: "",
    dim: "90",
    strong: "1",
    accent: "34",
    good: "32",
    warning: "35",
    danger: "1;31",
    border: "37",
    selected: "7",
    found: "4;30;103",
  },
  contrast: {
    plain: "97;40",
    dim: "97;40",
    strong: "1;97;40",
    accent: "1;96;40",
    good: "1;92;40",
    warning: "1;93;40",
    danger: "1;97;41",
    border: "97;40",
    selected: "1;30;107",
    found: "1;4;30;103",
  },
  mono: MONO,
};

/** The theme of that name; without colours (`NO_COLOR`) only bold, underlined and reversed text. */
export function themeOf(name: ThemeName, options: { readonly hasColour: boolean }): Theme {
  return options.hasColour ? THEME_TABLE[name] : MONO;
}
