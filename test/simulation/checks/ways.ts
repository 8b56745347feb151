import { MAX_ATTEMPTS } from "@bzzz/coordinator";
import { SPREAD_MS } from "../cluster/board.ts";
import { type ClusterEvent, type EventOf, only } from "../cluster/events.ts";
import type { Claim } from "../engine/world.ts";
import { chainOf, type Decided, decidedOf, type Events } from "./decided.ts";

/** The fastest clock of a run counts so much in one true second; voters measure windows on their own. */
const FASTEST_CLOCK = 1.05;

/** S7: the way of a task is what its post asked for. */
export const NO_SHORT_WAY: Claim<ClusterEvent> = {
  name: "S7",
  text: "No work begins before its plan could be objected to, or over an objection without an approval; " +
    "deadlines, reviews and the number of tries hold",
  check: (events) => {
    const posts = new Map(only(events, "posted").map((post) => [post.key, post]));
    return [
      ...decidedOf(events).flatMap((decided) => {
        const post = posts.get(decided.key);
        const before = chainOf(events, decided.key).get(decided.view.version - 1)?.[0];
        if (!post) return [];
        return [
          ...beginFaults(events, post, decided, before),
          ...reviewFaults(post, decided, before),
        ];
      }),
      ...[...posts.keys()].flatMap((key) => tryFaults(events, key)),
      ...deadlineFaults(events, posts),
    ];
  },
};

function beginFaults(events: Events, post: EventOf<"posted">, decided: Decided, before: Decided | undefined): string[] {
  const { key, view, command } = decided;
  const { planWindowMs } = post;
  if (planWindowMs === undefined || view.state !== "executing" || !command) return [];
  const isResumed = before?.view.state === "blocked" || before?.view.state === "executing";
  if (isResumed) return [];
  const what = `${key}: work began at version ${view.version}`;
  if (before?.view.state !== "discussing") return [`${what} from "${before?.view.state ?? "nothing"}", without a plan`];
  const told = only(events, "told").filter((event) => event.key === key);
  const looks = looksOf(events, decided);
  const firstMs = Math.min(...looks);
  if (command.approval !== undefined) {
    const isApproved = told.some(({ what, id, atMs }) =>
      what === "approval" && id === command.approval && atMs <= firstMs
    );
    return isApproved ? [] : [`${what} by an approval that there is not`];
  }
  const plan = told.findLast((event) => event.what === "plan" && event.id === before.view.plan);
  if (!plan) return [`${what} with a plan that nobody has told`];
  const faults: string[] = [];
  // a majority has looked by then; who looked last waited longest
  const missingMs = planWindowMs / FASTEST_CLOCK - (firstMs - plan.atMs);
  if (missingMs > 1) faults.push(`${what} ${Math.round(missingMs)} ms before its window was over`);
  const standing = told.find(({ what, id, atMs }) =>
    what === "objection" && id === plan.id && atMs + SPREAD_MS < firstMs &&
    !told.some((other) => other.what === "taken_back" && other.id === id && other.atMs <= Math.max(...looks))
  );
  if (standing) faults.push(`${what} over the objection of ${Math.round(standing.atMs)} ms`);
  return faults;
}

/** When voters looked at what became this value. */
function looksOf(events: Events, { key, view }: Decided): number[] {
  return only(events, "accepted").flatMap((event) =>
    event.key === key && event.view.id === view.id && event.looked ? [event.looked.atMs] : []
  );
}

function reviewFaults(post: EventOf<"posted">, { key, view }: Decided, before: Decided | undefined): string[] {
  if (view.state !== "completed" || !before) return [];
  const isJudged = before.view.state === "review";
  if (isJudged === (post.isReviewed ?? false)) return [];
  return [`${key}: it was completed at version ${view.version} ${isJudged ? "by a review of nothing" : "unreviewed"}`];
}

/** Counts the tries that came to nothing since people had it tried again last, beside what the register says. */
function tryFaults(events: Events, key: string): string[] {
  const faults: string[] = [];
  let before: Decided | undefined;
  let spent = 0;
  for (const [, [decided]] of [...chainOf(events, key)].sort(([a], [b]) => a - b)) {
    if (!decided) continue;
    const { view, command } = decided;
    // where the history has a gap the register is believed
    const isTraced = command && view.version === (before?.view.version ?? 0) + 1;
    spent = isTraced ? spentAfter(spent, command.type, before) : view.spent;
    const what = `${key}: version ${view.version} has ${view.spent} spent tries`;
    if (view.spent !== spent) faults.push(`${what}, not ${spent}`);
    const isOver = view.holder === undefined && view.state !== "announced" && view.state !== "review";
    if (view.spent >= MAX_ATTEMPTS && !isOver) faults.push(`${what}, and goes on`);
    spent = view.spent;
    before = decided;
  }
  return faults;
}

function spentAfter(spent: number, command: string, before: Decided | undefined): number {
  if (command === "retry") return 0;
  const isLost = command === "claim" && before?.view.holder !== undefined;
  return command === "fail" || command === "reject" || isLost ? spent + 1 : spent;
}

/** Each voter goes by its own wall clock: what it has accepted must be right by that. */
function deadlineFaults(events: Events, posts: ReadonlyMap<string, EventOf<"posted">>): string[] {
  return only(events, "accepted").flatMap(({ key, voter, view, previous, command, looked }) => {
    const deadlineMs = previous?.deadlineMs ?? posts.get(key)?.deadlineMs;
    if (!looked || !command) return [];
    const isPast = deadlineMs !== undefined && looked.wallMs > deadlineMs;
    const what = `${key}: voter ${voter} accepted "${command.type}" at version ${view.version}`;
    if (command.type === "claim" && isPast) return [`${what} after its deadline`];
    if (command.type === "expire" && !isPast) return [`${what} before its deadline`];
    return [];
  });
}
