import type { ConfigKeys } from "./keys.ts";

/**
 * Edits between two words: insertion, deletion, substitution, swap of neighbours (Damerau–Levenshtein, optimal string
 * alignment). Words are compared up to 64 characters.
 */
export function editDistance(a: string, b: string): number {
  const left = a.slice(0, 64);
  const right = b.slice(0, 64);
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const cost = left[i - 1] === right[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[right.length] ?? 0;
}

/** The candidate nearest to `word`, if it is near enough to be a slip: one edit in three characters, three at most. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1;
  const lower = word.toLowerCase();
  for (const candidate of candidates) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

const SECRET = /(secret|token|passw|passphrase|credential|api_?key|private_?key|network_?key|root_?key|seed)/i;

/** Keys of the specification and of earlier BZZZ that have no effect in this version, by name or by name of their section. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  "agent.role": "the role of a node comes from its grant; remove it",
  "agent.specialization": "name it in agent.capabilities",
  "ai": "executor.model",
  "model": "executor.model",
  "security": "trust comes from the mesh's keys and grants in the data directory; remove it",
  "hive_api": "BZZZ has no central server; remove it",
  "github": "tasks are posted in the mesh; remove it",
  "p2p": "network",
};

/** What to do about an unknown key. `section` is the dotted name of the section it stands in. */
export function suggestKey(
  name: string,
  section: string,
  known: ConfigKeys,
  otherProgram: boolean,
): string | undefined {
  const full = section === "" ? name : `${section}.${name}`;
  const exact = Object.hasOwn(UNAVAILABLE, full) ? UNAVAILABLE[full] : undefined;
  if (exact !== undefined) return known.sections.has(exact) ? `write ${exact}` : exact;
  if (otherProgram) return "it belongs to the other program; remove it";
  const elsewhere = known.keys.find(({ path }) => path.at(-1) === name);
  if (elsewhere !== undefined) return `did you mean ${elsewhere.key}?`;
  const sibling = nearest(name, known.sections.get(section) ?? []);
  if (sibling !== undefined) return `did you mean ${section === "" ? sibling : `${section}.${sibling}`}?`;
  if (SECRET.test(name)) {
    return "secrets have no place in the configuration: keys and tokens are files in the data directory, mode 0600";
  }
  const near = nearest(full, known.keys.map(({ key }) => key));
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** What to do about a value that is not one of `choices`. */
export function suggestChoice(value: unknown, choices: readonly string[]): string | undefined {
  if (typeof value !== "string") return undefined;
  const yes = { yes: "true", on: "true", no: "false", off: "false" }[value.toLowerCase()];
  if (yes !== undefined && choices.includes(yes)) return `write ${yes}`;
  const near = nearest(value, choices);
  return near === undefined ? undefined : `did you mean ${near}?`;
}
