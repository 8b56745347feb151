/**
 * Three asks of a tutor to practise with. They exist on this terminal alone: nothing of them is signed or sent.
 *
 * @module
 */

/** Where a practice is. */
export interface Practice {
  readonly lesson: number;
}

/** What came of a line. */
export interface PracticeStep {
  readonly practice: Practice;
  readonly said: readonly string[];
  readonly isOver: boolean;
}

interface Lesson {
  readonly id: string;
  readonly ask: readonly string[];
  readonly task: string;
  /** What the tutor says to the line; `isDone` goes on to the next. */
  readonly judge: (line: string) => { readonly said: string; readonly isDone: boolean };
}

const TAIL = "d0aa";
const CHOICES = ["squash", "merge"];

function words(line: string): { readonly verb: string; readonly id: string; readonly rest: string } {
  const [, verb = "", id = "", rest = ""] = /^\/?(\S+)\s*(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  return { verb: verb.toLowerCase(), id: id.toUpperCase(), rest: rest.trim() };
}

const again = (said: string) => ({ said, isDone: false });
const done = (said: string) => ({ said, isDone: true });

const LESSONS: readonly Lesson[] = [
  {
    id: "7KQ2",
    ask: [
      "Ask 7KQ2: approval, HIGH stakes, from tutor",
      "Title: push 3 commits to main",
      "  repo.push",
      "    remote: origin",
      "    ref: main",
      `Digest: 4c1f8a17${TAIL}`,
    ],
    task: `Approve it: type approve 7KQ2 ${TAIL}. The last four characters of the digest show that you have looked.`,
    judge: (line) => {
      const { verb, id, rest } = words(line);
      if (verb !== "approve" || id !== "7KQ2") return again("That is not it: type approve, and the id of the ask.");
      if (rest.toLowerCase() !== TAIL) return again(`Not approved: high stakes need the end of the digest, ${TAIL}.`);
      return done("Approved ask 7KQ2, once. Only exactly this may be done now, and only once.");
    },
  },
  {
    id: "7KPZ",
    ask: [
      "Ask 7KPZ: approval, normal stakes, from tutor",
      "Title: tidy up",
      "  file.delete",
      "    path: everything",
    ],
    task: "That looks wrong. Refuse it with a reason, which the agent is told: type deny 7KPZ and why.",
    judge: (line) => {
      const { verb, id, rest } = words(line);
      if (verb === "approve") return again("Better not: look at what it would delete.");
      if (verb !== "deny" || id !== "7KPZ") return again("That is not it: type deny, the id of the ask, and why.");
      if (rest === "") return again("Say why as well: an agent that knows the reason does better the next time.");
      return done(`Denied ask 7KPZ. The agent is told: ${rest}`);
    },
  },
  {
    id: "7KNB",
    ask: [
      "Ask 7KNB: choice, low stakes, from tutor",
      "Title: How shall the branch be merged?",
      ...CHOICES.map((choice, i) => `  ${i + 1}. ${choice}`),
    ],
    task: "Choose: type answer 7KNB and the choice, or its number.",
    judge: (line) => {
      const { verb, id, rest } = words(line);
      const choice = CHOICES.find((one, i) => one === rest.toLowerCase() || String(i + 1) === rest);
      if (verb !== "answer" || id !== "7KNB") return again("That is not it: type answer, and the id of the ask.");
      if (choice === undefined) return again(`Choose one of ${CHOICES.join(", ")}.`);
      return done(`Chose for ask 7KNB: ${choice}`);
    },
  },
];

/** How many lessons there are. */
export const PRACTICE_LESSONS: number = LESSONS.length;

/** The beginning. */
export function beginPractice(): PracticeStep {
  return {
    practice: { lesson: 0 },
    said: ["This is practice: nothing of it is sent. Type stop to end it.", "", ...show(0)],
    isOver: false,
  };
}

/** Takes what was typed. */
export function practise({ lesson }: Practice, line: string): PracticeStep {
  if (line.trim().toLowerCase() === "stop") return { practice: { lesson }, said: ["Practice ended."], isOver: true };
  const current = LESSONS[lesson];
  if (!current) return { practice: { lesson }, said: [], isOver: true };
  const { said, isDone } = current.judge(line);
  if (!isDone) return { practice: { lesson }, said: [said], isOver: false };
  const next = lesson + 1;
  const isOver = next >= LESSONS.length;
  return {
    practice: { lesson: next },
    said: [said, "", ...(isOver ? ["That is all there is to it."] : show(next))],
    isOver,
  };
}

function show(at: number): readonly string[] {
  const lesson = LESSONS[at];
  return lesson ? [...lesson.ask, "", lesson.task] : [];
}
