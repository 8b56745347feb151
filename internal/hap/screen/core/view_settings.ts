/**
 * Settings of the screen, and what `/set` changes of them for as long as the view is open. What is to stay is in the configuration.
 *
 * @module
 */
import type { TimeFormat } from "@bzzz/cli";
import type { ThemeName } from "../engine/theme.ts";
import type { Keymap } from "../keymap/keymap.ts";
import { ASCII_GLYPHS, type Glyphs, UNICODE_GLYPHS } from "./glyphs.ts";

/** Settings of the person; they come from the configuration. */
export interface ScreenSettings {
  readonly glyphs: Glyphs;
  readonly keymap: Keymap;
  readonly format: TimeFormat;
  readonly theme: ThemeName;
  /** Sequences of other programs' making are off unless the person wants them. */
  readonly hasBell: boolean;
  readonly hasOsc9: boolean;
  /** Whether a notification outside the screen (OSC 9) says what the ask is about. */
  readonly showsText: boolean;
  /** Reads only: nothing can be sent from this view. */
  readonly isObserver: boolean;
}

/** One of them. The keys are those of the section `interface` of the configuration. */
export interface ViewSetting {
  readonly key: string;
  readonly summary: string;
  readonly isOn: (settings: ScreenSettings) => boolean;
  readonly with: (settings: ScreenSettings, isOn: boolean) => ScreenSettings;
}

/** All of them; the theme has a verb of its own. */
export const VIEW_SETTINGS: readonly ViewSetting[] = [
  {
    key: "bell",
    summary: "ring the bell when somebody waits",
    isOn: ({ hasBell }) => hasBell,
    with: (settings, hasBell) => ({ ...settings, hasBell }),
  },
  {
    key: "desktop_notifications",
    summary: "notifications of the terminal (OSC 9)",
    isOn: ({ hasOsc9 }) => hasOsc9,
    with: (settings, hasOsc9) => ({ ...settings, hasOsc9 }),
  },
  {
    key: "show_text",
    summary: "a notification says what the ask is about",
    isOn: ({ showsText }) => showsText,
    with: (settings, showsText) => ({ ...settings, showsText }),
  },
  {
    key: "ascii",
    summary: "only ASCII signs",
    isOn: ({ glyphs }) => glyphs === ASCII_GLYPHS,
    with: (settings, isOn) => ({ ...settings, glyphs: isOn ? ASCII_GLYPHS : UNICODE_GLYPHS }),
  },
];
