/** Edits (insert, delete, replace, swap neighbours) from `a` to `b`: Damerau-Levenshtein, restricted. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, (row[j - 1] ?? Infinity) + 1, at(i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(i - 2, j - 2) + 1);
      row.push(best);
    }
  }
  return at(a.length, b.length);
}

/** The name that was probably meant: at most a third of its letters wrong, and at most two. Undefined when none is near. */
export function nearest(wanted: string, names: readonly string[]): string | undefined {
  if (wanted.length > 64) return undefined;
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const isBeginning = wanted.length >= 3 && name.startsWith(wanted);
    const distance = isBeginning ? 0.5 : editDistance(wanted, name);
    if (distance <= Math.min(2, Math.ceil(name.length / 3)) && distance < (best?.distance ?? Infinity)) {
      best = { name, distance };
    }
  }
  return best?.name;
}
