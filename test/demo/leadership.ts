/**
 * The acts about who leads: a leader that is killed, and one that is cut off from the other voters.
 *
 * @module
 */
import type { ElectionView } from "@bzzz/api";
import { nameOf } from "@bzzz/cli";
import { waitFor } from "@bzzz/base/testing";
import { AGENTS, fail, PERSON, type Stage, WAIT_MS } from "./stage.ts";
import type { Watcher } from "./watcher.ts";

const CUT_TITLE = "Survey it while nobody can decide";

/** The leader is killed, another leads, and the old one follows it when it is back. */
export async function replaceLeader(stage: Stage): Promise<void> {
  const { event } = stage.told();
  stage.timeline.heading("The leader is killed, and another leads");
  // who has just been started again votes before the next one goes
  await stage.untilConnected();
  await stage.type(PERSON, "bzzz-hap", ["election", "show"]);
  const before = await ledBy(stage, PERSON, () => true);
  const old = nameOf(before.leader);
  const killedMs = stage.clock.monotonicMs();
  await stage.node(old).kill();
  event(old, `killed with SIGKILL, while it led term ${before.term}`);
  const after = await ledBy(stage, PERSON, ({ term }) => term > before.term);
  const tookMs = Math.round(stage.clock.monotonicMs() - killedMs);
  event("mesh", `${nameOf(after.leader)} leads term ${after.term}, ${tookMs} ms later, by a majority of the voters`);
  await stage.start(old, "bzzz-agent");
  const known = await ledBy(stage, old, ({ term }) => term >= after.term);
  event(old, `is back, and follows ${nameOf(known.leader)} in term ${known.term}`);
}

/**
 * The leader hears nothing of the other voters any more: it stops leading and says why, and nothing is decided that the rest
 * might decide otherwise. Then it hears them again.
 */
export async function cutVotersOff(stage: Stage, watcher: Watcher): Promise<void> {
  const { event } = stage.told();
  stage.timeline.heading("The leader is cut off from the other voters, and says so");
  await stage.untilConnected();
  const before = await ledBy(stage, PERSON, () => true);
  const cut = nameOf(before.leader);
  const silent = AGENTS.filter((name) => name !== cut);
  const api = await stage.node(cut).api();
  for (const name of silent) stage.node(name).freeze();
  event("mesh", `${silent.join(" and ")} fall silent (SIGSTOP), ${cut} leads term ${before.term}`);
  await stage.type(PERSON, "bzzz-hap", ["task", "post", "--capability", "survey", "--input", "pause 1", CUT_TITLE]);
  const { reasons } = await stage.until(cut, (status) => status.reasons.some((one) => one.includes("voters can be")));
  event(cut, `is degraded: ${reasons.join("; ")}`);
  await stage.type(cut, "bzzz-agent", ["status"]);
  const posted = await watcher.entry("task_posted", ({ body }) => body?.["title"] === CUT_TITLE);
  const taskId = posted.task_id ?? fail("the posted task has no id");
  const { state } = await (await stage.node(PERSON).api()).task(taskId);
  if (state !== "announced") fail(`the task is ${state}, though no majority could decide`);
  event("mesh", `the task is ${state}: nobody has it, because nobody can have it twice`);

  for (const name of silent) stage.node(name).thaw();
  const healedMs = stage.clock.monotonicMs();
  event("mesh", `${silent.join(" and ")} can be heard again (SIGCONT)`);
  await waitFor(async () => (await api.voters()).has_quorum, { timeoutMs: WAIT_MS, what: "a quorum" });
  event(cut, `reaches a majority of the voters ${Math.round(stage.clock.monotonicMs() - healedMs)} ms later`);
  const after = await ledBy(stage, PERSON, ({ term }) => term > before.term);
  event("mesh", `${nameOf(after.leader)} leads term ${after.term}`);
  await watcher.entry("task_decided", ({ task_id, body }) => {
    const value = body?.["value"] as { readonly state?: unknown } | undefined; // the API's form of a decision
    return task_id === taskId && value?.state === "completed";
  });
  await stage.untilConnected();
}

/** What `name` says of the leadership, once it knows a leader and `fits`. */
async function ledBy(
  stage: Stage,
  name: string,
  fits: (view: ElectionView) => boolean,
): Promise<ElectionView & { readonly leader: NonNullable<ElectionView["leader"]> }> {
  const client = await stage.node(name).api();
  let seen: ElectionView | undefined;
  return await waitFor(async () => {
    seen = await client.election();
    const { leader } = seen;
    return leader && fits(seen) && { ...seen, leader };
  }, { timeoutMs: WAIT_MS, what: `${name} to know a leader`, state: () => seen });
}
