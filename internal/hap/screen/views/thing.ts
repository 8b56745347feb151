import { nameOf, sanitiseLine, type TimeFormat } from "@bzzz/cli";
import type { VersionView } from "@bzzz/ucxi";
import { type Thing, wantedVersion } from "../core/browser.ts";
import { fit, type Line, line, span, wrap } from "../core/cells.ts";
import type { Size } from "../core/frame.ts";
import type { Model } from "../core/model.ts";
import { hasWords } from "../core/words.ts";
import { keyOf } from "./parts.ts";

const MAX_TRACK_COLUMNS = 40;
/** Lines of a long address. */
const MAX_ADDRESS_ROWS = 3;

/** One version of a thing: its address, its place in time, and as much of its content as there is room for. */
export function thingLines(model: Model, thing: Thing, size: Size): Line[] {
  const { columns, rows } = size;
  const { format } = model.settings;
  const { version, load } = thing;
  const fitted = (text: string, style: Parameters<typeof line>[1]) =>
    wrap(text, columns - 2).map((part) => fit(line(` ${part}`, style), columns));
  const head: Line[] = [
    ...fitted(sanitiseLine(version?.address ?? thing.address), "strong").slice(0, MAX_ADDRESS_ROWS),
    ...(version ? [fit(timeLine(model, thing, version, columns), columns)] : []),
    ...(version ? fitted(versionFacts(version, format).join(", "), "dim") : []),
    ...(load.state === "failed" ? fitted(`! ${load.problem}`, "danger") : []),
    ...(load.state === "loading" ? fitted("Reading.", "warning") : []),
    fit([], columns),
  ].slice(0, Math.max(1, rows - 1));
  const room = rows - head.length;
  const content: Line[] = [];
  let shown = 0;
  for (const text of thing.lines.slice(thing.top, thing.top + room)) {
    const parts = wrap(text, columns - 2);
    if (content.length + parts.length > room && content.length > 0) break;
    const sign = hasWords(text, model.browser.words) ? model.settings.glyphs.pointer : " ";
    content.push(...parts.slice(0, room).map((part) => fit([span(sign, "accent"), span(part)], columns)));
    shown++;
  }
  const left = thing.lines.length - thing.top - shown;
  if (left > 0 && content.length > 0) {
    const key = keyOf(model, "page_down");
    const more = ` ${model.settings.glyphs.down} ${left} more lines${key === undefined ? "" : `: ${key}`}`;
    if (content.length < room) content.push(fit(line(more, "dim"), columns));
    else content[room - 1] = fit(line(more.replace(String(left), String(left + 1)), "dim"), columns);
  }
  return [...head, ...content];
}

/** What is known of a version, in words. */
export function versionFacts(version: VersionView, format: TimeFormat): string[] {
  return [
    `version ${version.n} of ${version.total}`,
    `written ${format.date(version.written_at_ms)}`,
    `by ${nameOf(version.author)}`,
    ...(version.is_deleted ? ["deleted"] : []),
    ...(version.audience === undefined
      ? []
      : [`for ${sanitiseLine(version.audience.join(", "), 120)} and the roles above`]),
    ...(version.size === undefined ? [] : [`${version.size} bytes`]),
    ...(version.media_type === undefined ? [] : [sanitiseLine(version.media_type, 80)]),
  ];
}

/** Where in time one is: the keys at the ends go there. */
function timeLine(model: Model, thing: Thing, version: VersionView, columns: number): Line {
  const { glyphs } = model.settings;
  const total = Math.max(version.total, 1);
  const n = Math.min(wantedVersion(thing) ?? version.n, total);
  const track = Math.max(3, Math.min(MAX_TRACK_COLUMNS, columns - 30));
  const at = total === 1 ? track - 1 : Math.round((n - 1) / (total - 1) * (track - 1));
  return [
    span(` ${keyOf(model, "older") ?? ""} `, "accent"),
    span(glyphs.horizontal.repeat(at), "border"),
    span(glyphs.here, "strong"),
    span(glyphs.horizontal.repeat(track - 1 - at), "border"),
    span(` ${keyOf(model, "newer") ?? ""} `, "accent"),
    span(n === total ? "latest" : `${total - n} newer`, n === total ? "good" : "warning"),
  ];
}
