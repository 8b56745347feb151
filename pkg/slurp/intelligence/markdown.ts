/** Headings whose first paragraph says what something is for. */
const PURPOSE_HEADING = /^(?:purpose|goals?|why|motivation|overview|about)\b/i;
/** Lines that are no prose: lists, quotes, tables, images, badges, HTML, rules. */
const NO_PROSE = /^(?:[-*+>|<]|\d+[.)]\s|!\[|\[!\[|={3,}$|-{3,}$)/;

/** What a document in Markdown says of itself. */
export interface MarkdownFacts {
  readonly title: string | undefined;
  /** Its first paragraph. */
  readonly summary: string | undefined;
  /** The first paragraph under a heading like "Purpose". */
  readonly purpose: string | undefined;
  /** Text between "---" lines at the beginning: YAML. */
  readonly frontMatter: string | undefined;
}

/** Title, first paragraph, purpose and front matter of a text; it need not be valid Markdown. */
export function readMarkdown(text: string): MarkdownFacts {
  const lines = text.split(/\r?\n/);
  let at = 0;
  let frontMatter: string | undefined;
  if (lines[0]?.trim() === "---") {
    const end = lines.indexOf("---", 1);
    if (end > 0) {
      frontMatter = lines.slice(1, end).join("\n");
      at = end + 1;
    }
  }
  let title: string | undefined;
  let heading = "";
  let summary: string | undefined;
  let purpose: string | undefined;
  let isCode = false;
  while (at < lines.length && (summary === undefined || purpose === undefined)) {
    const line = lines[at]?.trim() ?? "";
    if (/^(?:```|~~~)/.test(line)) isCode = !isCode;
    const found = isCode ? undefined : /^(#{1,6})\s+(.+?)\s*#*$/.exec(line);
    if (found) {
      heading = plain(found[2] ?? "");
      title ??= heading;
    } else if (!isCode && line !== "" && !NO_PROSE.test(line) && !/^(?:```|~~~)/.test(line)) {
      const paragraph = [line];
      for (at++; at < lines.length; at++) {
        const part = lines[at]?.trim() ?? "";
        if (part === "" || /^(?:#|```|~~~)/.test(part)) break;
        paragraph.push(part);
      }
      const words = plain(paragraph.join(" "));
      summary ??= words;
      if (purpose === undefined && PURPOSE_HEADING.test(heading)) purpose = words;
      continue; // what ended the paragraph is looked at next
    }
    at++;
  }
  return { title, summary, purpose, frontMatter };
}

/** Words without the marks of emphasis, code and links. */
function plain(text: string): string {
  return text.replaceAll(/!?\[([^\][]{0,500})\]\([^()\s]{0,500}\)/g, "$1").replaceAll(
    /[`*_]{1,3}(?=\S)|(?<=\S)[`*_]{1,3}/g,
    "",
  )
    .trim();
}
