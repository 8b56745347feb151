/** What stands around pasted text where bracketed paste is on. */
export const PASTE_BEGIN = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** More is not pasted by a person; the rest is typed text then. */
const MAX_PASTE_CHARACTERS = 256 * 1024;

/** The paste at the begin of `rest`, and how many characters of it are taken; undefined while it goes on. */
export function readPaste(rest: string): { readonly text: string; readonly taken: number } | undefined {
  const end = rest.indexOf(PASTE_END);
  if (end < 0 && rest.length < MAX_PASTE_CHARACTERS) return undefined;
  const stop = end < 0 ? rest.length : end;
  // Terminals send a pasted line break as the Enter key does (tmux, xterm).
  const text = rest.slice(PASTE_BEGIN.length, stop).replaceAll(/\r\n?/g, "\n");
  return { text, taken: end < 0 ? stop : end + PASTE_END.length };
}
