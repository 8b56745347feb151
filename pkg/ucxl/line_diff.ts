/** Edits that are looked for; two texts that differ in more are shown as one replaced by the other. */
const MAX_EDITS = 1_000;
/** Lines around a change that are shown. */
const CONTEXT_LINES = 3;

/** One line of a difference. */
export interface DiffLine {
  readonly type: "same" | "removed" | "added";
  readonly text: string;
}

/** Lines that changed with what is around them; numbers of lines begin at 1. */
export interface DiffHunk {
  readonly beforeLine: number;
  readonly afterLine: number;
  readonly lines: readonly DiffLine[];
}

/**
 * The difference of two texts by lines, the shortest one (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986) as long as
 * it has at most 1,000 edits. Empty when they are equal.
 */
export function diffLines(before: string, after: string): readonly DiffHunk[] {
  return hunksOf(editsOf(linesOf(before), linesOf(after)));
}

/** A last line that ends has no empty line behind it; one that does not end differs from one that does. */
function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function editsOf(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ type: "same", text }));
  return [
    ...same(a.slice(0, start)),
    ...middleOf(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(end === 0 ? [] : a.slice(-end)),
  ];
}

function middleOf(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const trace = shortestEdit(a, b);
  if (!trace) {
    return [
      ...a.map((text): DiffLine => ({ type: "removed", text })),
      ...b.map((text): DiffLine => ({ type: "added", text })),
    ];
  }
  const lines: DiffLine[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d >= 0; d--) {
    const reached = (k: number) => trace[d]?.[k + d] ?? -1;
    const k = x - y;
    const isDown = k === -d || (k !== d && reached(k - 1) < reached(k + 1));
    const previousX = d === 0 ? 0 : reached(isDown ? k + 1 : k - 1);
    const previousY = previousX - (isDown ? k + 1 : k - 1);
    while (x > 0 && y > 0 && (d === 0 || (x > previousX && y > previousY))) {
      lines.push({ type: "same", text: a[--x] ?? "" });
      y--;
    }
    if (d === 0) break;
    lines.push(isDown ? { type: "added", text: b[--y] ?? "" } : { type: "removed", text: a[--x] ?? "" });
  }
  return lines.reverse();
}

/**
 * How far each diagonal k of step d - 1 reaches, at index k + d of entry d: enough to walk back from the end. Undefined when more
 * than `MAX_EDITS` are needed.
 */
function shortestEdit(a: readonly string[], b: readonly string[]): Int32Array[] | undefined {
  const trace: Int32Array[] = [];
  let before: (k: number) => number = () => -1;
  for (let d = 0; d <= Math.min(MAX_EDITS, a.length + b.length); d++) {
    // diagonals -d … d of the step before, at k + d
    const known = new Int32Array(2 * d + 1);
    for (let k = -d; k <= d; k++) known[k + d] = before(k);
    trace.push(known);
    const now = new Int32Array(2 * d + 1).fill(-1);
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && (known[k - 1 + d] ?? -1) < (known[k + 1 + d] ?? -1));
      let x = d === 0 ? 0 : isDown ? known[k + 1 + d] ?? -1 : (known[k - 1 + d] ?? -1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      now[k + d] = x;
      if (x >= a.length && x - k >= b.length) return trace;
    }
    before = (k) => (k < -d || k > d ? -1 : now[k + d] ?? -1);
  }
  return undefined;
}

function hunksOf(lines: readonly DiffLine[]): readonly DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let open: { beforeLine: number; afterLine: number; lines: DiffLine[]; lastChange: number } | undefined;
  let [beforeLine, afterLine] = [1, 1];
  const close = () => {
    if (!open) return;
    hunks.push({
      beforeLine: open.beforeLine,
      afterLine: open.afterLine,
      lines: open.lines.slice(0, open.lastChange + 1 + CONTEXT_LINES),
    });
    open = undefined;
  };
  for (const [i, line] of lines.entries()) {
    if (line.type !== "same") {
      if (!open) {
        const lead = lines.slice(Math.max(0, i - CONTEXT_LINES), i);
        open = {
          beforeLine: beforeLine - lead.length,
          afterLine: afterLine - lead.length,
          lines: [...lead],
          lastChange: 0,
        };
      }
      open.lastChange = open.lines.length;
    }
    open?.lines.push(line);
    if (open && open.lines.length - open.lastChange > 2 * CONTEXT_LINES) close();
    if (line.type !== "added") beforeLine++;
    if (line.type !== "removed") afterLine++;
  }
  close();
  return hunks;
}
