import type { Claim } from "../engine/world.ts";
import { type ClusterEvent, type EventOf, only, UNPROVEN, type ValueView } from "../cluster/events.ts";
import { chainOf, type Decided, decidedOf, type Events, keysOf } from "./decided.ts";
import { NO_SHORT_WAY } from "./ways.ts";
import { checkLinearizable, type Operation } from "./linearizable.ts";

const LEADER = "leader";

/** S1: one value a version, one holder a token, and tokens only grow. */
const ONE_HOLDER: Claim<ClusterEvent> = {
  name: "S1",
  text: "One holder per token; tokens only grow; nobody acts as the holder while another does",
  check: (events) => keysOf(events).filter((key) => key !== LEADER).flatMap((key) => holderFaults(events, key)),
};

/** S3: the same of the leadership. */
const ONE_LEADER: Claim<ClusterEvent> = {
  name: "S3",
  text: "One leader per term; terms only grow; nobody acts as the leader while another does",
  check: (events) => holderFaults(events, LEADER),
};

function holderFaults(events: Events, key: string): string[] {
  const faults: string[] = [];
  const holders = new Map<number, number>();
  let highest = 0;
  const chain = [...chainOf(events, key)].sort(([a], [b]) => a - b);
  for (const [version, values] of chain) {
    if (values.length > 1) faults.push(`${key} has ${values.length} decided values of version ${version}`);
    for (const { view: { token, holder } } of values) {
      if (token < highest) faults.push(`${key}: token ${token} at version ${version} follows token ${highest}`);
      highest = Math.max(highest, token);
      if (holder === undefined) continue;
      const other = holders.get(token);
      if (other !== undefined && other !== holder) {
        faults.push(`${key}: token ${token} is held by node ${other} and by node ${holder}`);
      }
      holders.set(token, holder);
    }
  }
  return [...faults, ...overlaps(events, key)];
}

interface Stay {
  readonly node: number;
  readonly token: number;
  readonly fromMs: number;
  untilMs: number;
}

/** Times in which two nodes act as the holder of one key. */
function overlaps(events: Events, key: string): string[] {
  const stays = staysOf(events, key).sort((a, b) => a.fromMs - b.fromMs);
  const faults: string[] = [];
  let latest: Stay | undefined;
  for (const stay of stays) {
    if (latest && latest.node !== stay.node && stay.fromMs < latest.untilMs) {
      const until = latest.untilMs === Infinity ? "the end" : `${latest.untilMs} ms`;
      faults.push(
        `${key}: node ${stay.node} acts with token ${stay.token} from ${stay.fromMs} ms, ` +
          `node ${latest.node} with token ${latest.token} until ${until}`,
      );
    }
    if (!latest || stay.untilMs > latest.untilMs) latest = stay;
  }
  return faults;
}

/** When nodes act as the holder of a key. */
export function staysOf(events: Events, key: string): Stay[] {
  const open = new Map<number, Stay>();
  const stays: Stay[] = [];
  const close = (node: number, atMs: number): void => {
    const stay = open.get(node);
    if (stay) stay.untilMs = Math.min(stay.untilMs, atMs);
    open.delete(node);
  };
  for (const event of events) {
    switch (event.type) {
      case "holds": {
        if (event.key !== key) break;
        const stay = open.get(event.node);
        if (stay?.token === event.token) {
          stay.untilMs = Math.max(stay.untilMs, event.untilMs ?? Infinity);
          break;
        }
        close(event.node, event.atMs);
        const { node, token, atMs, untilMs = Infinity } = event;
        const begun: Stay = { node, token, fromMs: atMs, untilMs };
        stays.push(begun);
        open.set(node, begun);
        break;
      }
      case "rests":
        if (event.key === key) close(event.node, event.atMs);
        break;
      case "crashed":
        close(event.node, event.atMs);
        break;
      default:
        break;
    }
  }
  return stays;
}

/** S2: what a stale token did counts for nothing. */
const NO_STALE_RESULT: Claim<ClusterEvent> = {
  name: "S2",
  text: "No result and no side effect of a stale token is accepted",
  check: (events) => [...keysOf(events).flatMap((key) => staleResults(events, key)), ...staleEffects(events)],
};

function staleResults(events: Events, key: string): string[] {
  const chain = chainOf(events, key);
  return [...chain.values()].flat().flatMap(({ view }) => {
    if (view.state !== "completed" && view.state !== "review") return [];
    // Not seen where the version before was never decided by itself; then a later one of the chain tells.
    const before = chain.get(view.version - 1);
    if (!before) return [];
    // what is judged was its holder's when it was submitted
    const isHolders = before.some(({ view: { state, holder, worker, token } }) =>
      (state === "review" ? worker : holder) === view.worker && token === view.token
    );
    return isHolders
      ? []
      : [`${key}: the result of node ${view.worker} at version ${view.version} is not the holder's`];
  });
}

function staleEffects(events: Events): string[] {
  const highest = new Map<string, number>();
  return only(events, "effect").flatMap(({ key, token, node, isAccepted, atMs }) => {
    if (!isAccepted) return [];
    const known = highest.get(key) ?? 0;
    highest.set(key, Math.max(known, token));
    if (token >= known) return [];
    return [`${key}: an effect of node ${node} with token ${token} was accepted at ${atMs} ms, after token ${known}`];
  });
}

/** S4: what somebody was told is decided is there in the end. */
const ACKNOWLEDGED_SURVIVES: Claim<ClusterEvent> = {
  name: "S4",
  text: "What was acknowledged survives the loss of any minority of voters",
  check: (events) => {
    const calls = new Map(only(events, "invoked").map((event) => [event.operation, event]));
    const returns = only(events, "returned");
    return returns.flatMap(({ operation, outcome }) => {
      const call = calls.get(operation);
      if (call?.what !== "last_read" || outcome.type !== "read") return [];
      const found = outcome.view?.version ?? 0;
      const floor = acknowledgedAt(returns, calls, call);
      return found >= floor ? [] : [`${call.key}: a read at ${call.atMs} ms found version ${found} after ${floor}`];
    });
  },
};

/** The highest version that anybody had been told of when `read` began. */
function acknowledgedAt(
  returns: readonly EventOf<"returned">[],
  calls: ReadonlyMap<number, EventOf<"invoked">>,
  read: EventOf<"invoked">,
): number {
  let floor = 0;
  for (const { operation, outcome, atMs } of returns) {
    if (atMs >= read.atMs) break;
    if (outcome.type !== "decided" || calls.get(operation)?.key !== read.key) continue;
    floor = Math.max(floor, outcome.view.version);
  }
  return floor;
}

/** S5: each register is one register. */
const LINEARIZABLE: Claim<ClusterEvent> = {
  name: "S5",
  text: "Each register is linearizable, and every decision is proved by its certificate",
  check: (events) => {
    const unproven = only(events, "returned").flatMap(({ operation, outcome }) =>
      outcome.type === "undecided" && outcome.reason === UNPROVEN ? [`operation ${operation}: ${UNPROVEN}`] : []
    );
    const keys = [...new Set(only(events, "invoked").map(({ key }) => key))].sort();
    return [...unproven, ...keys.flatMap((key) => linearizabilityFaults(events, key))];
  },
};

const ABSENT = "absent";

function linearizabilityFaults(events: Events, key: string): string[] {
  const operations = operationsOf(events, key);
  const result = checkLinearizable(ABSENT, operations);
  switch (result.type) {
    case "linearizable":
      return [];
    case "unknown":
      return [`${key}: too many orders to judge at operation ${result.stuck.id}`];
    case "violated":
      return [`${key}: the outcome of operation ${result.stuck.id} fits no order; it could find ${result.states}`];
  }
}

function operationsOf(events: Events, key: string): Operation[] {
  const versions = new Map<string, number>([[ABSENT, 0]]);
  const results = new Map<string, Set<string>>();
  for (const event of only(events, "accepted")) {
    if (event.key !== key) continue;
    versions.set(event.view.id, event.view.version);
    if (event.command) {
      const made = results.get(event.command.id) ?? new Set();
      results.set(event.command.id, made.add(event.view.id));
    }
  }
  const views = only(events, "accepted").filter((event) => event.key === key);
  const isTraced = views.some(({ command }) => command !== undefined);
  // Where the simulator cannot see which command a voter accepted, any value of its author may be of it.
  const byActor = (actor: number): string[] =>
    isTraced ? [] : [...new Set(views.filter(({ view }) => view.by === actor).map(({ view }) => view.id))];
  const returned = new Map(only(events, "returned").map((event) => [event.operation, event]));
  const calls = only(events, "invoked").filter((call) => call.key === key);
  // A crash between a voter's commit and the trace of it leaves a value that is only met: what its author said last made it.
  const traced = new Set([...results.values()].flatMap((made) => [...made]));
  const met = new Map<string, number>();
  for (
    const { view } of [...only(events, "accepted").filter((event) => event.key === key), ...viewsOf(calls, returned)]
  ) {
    versions.set(view.id, view.version);
    if (!traced.has(view.id) && view.by !== undefined) met.set(view.id, view.by);
  }
  const onlyMet = (actor: number): string[] => [...met].flatMap(([id, by]) => by === actor ? [id] : []);
  const follows = (state: string, next: string): boolean => versions.get(next) === (versions.get(state) ?? NaN) + 1;
  const saidTwice = new Set(
    calls.map(({ operation, command }) => {
      const outcome = returned.get(operation)?.outcome;
      return outcome?.type === "decided" && outcome.isNew ? `${command?.actor} ${outcome.view.id}` : "";
    }).filter((name, index, all) => all.indexOf(name) !== index),
  );
  return calls.flatMap((call): Operation[] => {
    const end = returned.get(call.operation);
    const outcome = end?.outcome;
    const base = { id: call.operation, invokedAtMs: call.atMs };
    const ended = (effect: Operation["effect"]): Operation[] => [
      { ...base, returnedAtMs: end?.atMs ?? Infinity, effect },
    ];
    const finds = (state: string): Operation[] => ended({ type: "finds", state });
    switch (outcome?.type) {
      case "read":
        return finds(outcome.view?.id ?? ABSENT);
      case "decided": {
        const { id } = outcome.view;
        // One member may say the same twice at once: the value is the same, and both are told that they made it.
        const isTwice = saidTwice.has(`${call.command?.actor} ${id}`);
        const next = (state: string): string[] => follows(state, id) || (isTwice && state === id) ? [id] : [];
        return outcome.isNew ? ended({ type: "makes", next }) : finds(id);
      }
      case "refused":
        return outcome.view ? finds(outcome.view.id) : [];
      default: {
        // Nobody knows what became of it: it may have made what some voter accepted of it.
        const { command } = call;
        const made = command ? [...results.get(command.id) ?? byActor(command.actor), ...onlyMet(command.actor)] : [];
        if (made.length === 0) return [];
        const next = (state: string): string[] => made.filter((one) => follows(state, one));
        return [{ ...base, returnedAtMs: Infinity, effect: { type: "makes", next } }];
      }
    }
  });
}

/** What the callers were shown. */
function viewsOf(
  calls: readonly EventOf<"invoked">[],
  returned: ReadonlyMap<number, EventOf<"returned">>,
): { readonly view: ValueView }[] {
  return calls.flatMap(({ operation }) => {
    const outcome = returned.get(operation)?.outcome;
    return outcome && "view" in outcome && outcome.view ? [{ view: outcome.view }] : [];
  });
}

/** S6: only who may. */
const NO_WRONG_ROLE: Claim<ClusterEvent> = {
  name: "S6",
  text: "No change by a member whose role, grant or place does not allow it is decided",
  check: (events) => {
    const members = new Map(only(events, "member").map((member) => [member.node, member]));
    const posters = new Map(only(events, "posted").map(({ key, node }) => [key, node]));
    return decidedOf(events).flatMap((decided) => {
      const { key, command, view } = decided;
      if (!command) return [];
      const member = members.get(command.actor);
      const before = chainOf(events, key).get(view.version - 1)?.[0];
      if (member && isAllowed(member, decided, before, posters.get(key))) return [];
      return [`${key}: "${command.type}" of member ${command.actor} was decided at version ${view.version}`];
    });
  },
};

function isAllowed(
  member: EventOf<"member">,
  { command, key }: Decided,
  before: Decided | undefined,
  poster: number | undefined,
): boolean {
  const isHolder = before?.view.holder === member.node;
  switch (command?.type) {
    case "claim":
      return member.mayHold && key !== LEADER;
    case "acquire":
      return member.mayLead;
    case "depose":
      return member.maySteer;
    case "cancel":
    case "retry":
      return member.maySteer || member.node === poster;
    case "accept":
    case "reject":
      return (member.maySteer || member.node === poster) && before?.view.worker !== member.node;
    case "expire":
      return true;
    default:
      return isHolder;
  }
}

/** Everything that must never happen. */
export const SAFETY_CLAIMS: readonly Claim<ClusterEvent>[] = [
  ONE_HOLDER,
  NO_STALE_RESULT,
  ONE_LEADER,
  ACKNOWLEDGED_SURVIVES,
  LINEARIZABLE,
  NO_WRONG_ROLE,
  NO_SHORT_WAY,
];
