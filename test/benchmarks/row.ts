/** One line of the result. */
export interface Row {
  readonly scenario: string;
  readonly what: string;
  readonly unit: string;
  readonly bzzz: number;
  /** The bare library in the same run, where it can do the same at all. */
  readonly bare: number | undefined;
  /** In words; undefined for a number that is shown for comparison only. */
  readonly goal: string | undefined;
  readonly isMet: boolean | undefined;
}

/** What every scenario is given. */
export interface Bench {
  readonly bundles: { readonly bare: string; readonly bzzz: string };
  /** The built program, or undefined where there is none. */
  readonly agent: string | undefined;
  /** Where it unpacks itself. */
  readonly cache: string;
  /** Few repetitions and small counts: shows that it works, not how fast it is. */
  readonly isQuick: boolean;
  /** Progress, for the person who waits. */
  readonly say: (text: string) => void;
}

/** A scenario: one or more rows from one run. */
export interface Scenario {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}

/** The table for people. */
export function renderRows(rows: readonly Row[]): string {
  const head = ["scenario", "what", "bzzz", "bare", "ratio", "goal", ""];
  const cells = rows.map((row) => [
    row.scenario,
    row.what,
    `${shown(row.bzzz)} ${row.unit}`,
    row.bare === undefined ? "-" : `${shown(row.bare)} ${row.unit}`,
    row.bare === undefined || row.bare === 0 ? "-" : `${(row.bzzz / row.bare).toFixed(2)} ×`,
    row.goal ?? "",
    row.isMet === undefined ? "" : row.isMet ? "✓" : "✗",
  ]);
  const widths = head.map((title, n) => Math.max(title.length, ...cells.map((cell) => cell[n]?.length ?? 0)));
  const line = (cell: readonly string[]) =>
    cell.map((text, n) => n >= 2 && n <= 4 ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0)).join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

/** The middle one of the samples. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
