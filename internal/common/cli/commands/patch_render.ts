import type { VersionView } from "@bzzz/ucxi";
import type { Patch } from "@bzzz/ucxl";
import { relativeTime } from "../render.ts";
import { sanitiseLine, sanitiseText } from "../sanitise.ts";
import { given } from "../values.ts";
import { votesOf } from "./decide_render.ts";
import type { PatchState, PatchView } from "./patch_reading.ts";

/** What `--json` says of a patch. */
export interface PatchJson extends Pick<Patch, "kind" | "title" | "summary" | "target" | "base"> {
  readonly address: string;
  /** Of the version that was put to the vote. */
  readonly citation: string;
  readonly state: PatchState;
  readonly is_outdated: boolean;
  readonly author: VersionView["author"];
  readonly votes: string;
  readonly decision?: string;
  readonly submitted?: string;
}

/** A patch as `--json` gives it. */
export function patchJson({ address, patch, version, state, decision, submitted, isOutdated }: PatchView): PatchJson {
  return {
    address,
    citation: version.citation,
    state,
    is_outdated: isOutdated,
    kind: patch.kind,
    title: patch.title,
    summary: patch.summary,
    target: patch.target,
    ...given("base", patch.base),
    author: version.author,
    votes: decision ? votesOf(decision) : "",
    ...given("decision", decision?.version.address),
    ...given("submitted", submitted),
  };
}

/** A patch and where it stands, as harmless lines. `nowMs` is wall time. */
export function describePatch(view: PatchView, nowMs: number): readonly string[] {
  const { address, patch, version, decision, state, submitted, isOutdated } = view;
  const closesAtMs = decision?.record?.voting?.closes_at_ms;
  const field = (label: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${label}: ${sanitiseLine(value, 300)}`];
  return [
    `Patch: ${sanitiseLine(patch.title)}`,
    ...field("Address", address),
    ...field("Kind", patch.kind),
    ...field("From", version.author.agent_id),
    ...field("Changes", patch.target),
    ...field("Made for", patch.base ?? "nothing there yet"),
    `State: ${isOutdated ? `${state}, but something else stands there by now` : state}`,
    ...field("Votes", decision && votesOf(decision)),
    ...field(
      "Closes",
      state === "open" && closesAtMs !== undefined ? relativeTime(closesAtMs, nowMs) : undefined,
    ),
    ...field("Decision", decision?.version.address),
    ...field("Citation", version.citation),
    ...field("Submitted as", submitted),
    ...(patch.summary === "" ? [] : ["", ...sanitiseText(patch.summary).split("\n").map((line) => `  ${line}`)]),
  ];
}
