import { BzzzError, errorMessage } from "@bzzz/base";
import { type Config, type ConfigErrorCode, formatIssues } from "@bzzz/config";
import { createTimeFormat } from "@bzzz/cli";
import { isAbsolute, join } from "node:path";
import { ASCII_GLYPHS, UNICODE_GLYPHS } from "./screen/core/glyphs.ts";
import type { ScreenSettings } from "./screen/core/view_settings.ts";
import { type Theme, type ThemeName, themeOf } from "./screen/engine/theme.ts";
import { defaultKeymap, type Keymap, parseKeymap } from "./screen/keymap/keymap.ts";

/** A key map file larger than this is not one. */
const MAX_KEYMAP_BYTES = 256 * 1024;

/** A key map that cannot be used, with every problem and its line in the message. */
export class KeymapError extends BzzzError<ConfigErrorCode> {}

/** How a full screen looks and behaves, from the configuration. */
export interface ScreenLook {
  readonly settings: ScreenSettings;
  readonly themeOf: (name: ThemeName) => Theme;
  /** The key map as its file says now. @throws KeymapError when it cannot be read or used */
  readonly loadKeymap: () => Keymap;
}

/**
 * What the section `interface` of the configuration makes of a full screen. A locale that is not UTF-8 draws with ASCII.
 * @throws KeymapError when `interface.keymap_path` cannot be read or used
 */
export function screenLook(
  config: Config,
  options: {
    readonly home: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly isObserver?: boolean;
  },
): ScreenLook {
  const { env, home } = options;
  const look = config.binaryType === "hap" ? config.interface : undefined; // an agent has no screen of its own: defaults
  const hasColour = (env["NO_COLOR"] ?? "") === "";
  const isAscii = look?.ascii === true || !hasUnicode(env);
  return {
    themeOf: (name) => themeOf(name, { hasColour }),
    loadKeymap: () => loadKeymap(look?.keymapPath, home),
    settings: {
      glyphs: isAscii ? ASCII_GLYPHS : UNICODE_GLYPHS,
      theme: look?.theme ?? "dark",
      keymap: loadKeymap(look?.keymapPath, home),
      format: createTimeFormat(),
      hasBell: look?.bell ?? true,
      hasOsc9: look?.desktopNotifications ?? false,
      showsText: look?.showText ?? false,
      isObserver: options.isObserver ?? false,
    },
  };
}

/** POSIX: the first of these that is set decides. Where none is, a terminal of today shows UTF-8. */
function hasUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return locale === "" || /utf-?8/i.test(locale);
}

function loadKeymap(path: string | undefined, home: string): Keymap {
  if (path === undefined) return defaultKeymap();
  const file = isAbsolute(path) ? path : join(home, path);
  let text: string;
  try {
    if (Deno.statSync(file).size > MAX_KEYMAP_BYTES) throw new RangeError(`more than ${MAX_KEYMAP_BYTES} bytes`);
    text = Deno.readTextFileSync(file);
  } catch (cause) {
    const code = cause instanceof Deno.errors.NotFound ? "config_missing" : "config_unreadable";
    const why = cause instanceof Deno.errors.NotCapable ? "this program may not read there" : errorMessage(cause);
    throw new KeymapError(code, `Cannot read the key map "${file}": ${why}`, { cause });
  }
  const { keymap, issues } = parseKeymap(text, file);
  if (keymap) return keymap;
  throw new KeymapError("config_invalid", `Cannot use the key map:\n${formatIssues(issues)}`);
}
