import type { IdentityView, StatusView } from "@bzzz/api";
import { sanitiseLine } from "./sanitise.ts";
import type { TimeFormat } from "./types.ts";

type PersonKey = NonNullable<StatusView["person_key"]>;

/** Minutes and seconds until a key is locked, as "9:05"; "0:00" when it is over. Both times are wall time. */
export function keyTimeLeft(untilMs: number, nowMs: number): string {
  const seconds = Math.ceil(Math.max(0, untilMs - nowMs) / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A person's key in a few words: "locked", "open for 9:05 more"; a time that is over is "locked", whatever was heard last. */
export function describeKey({ state, unlocked_until_ms: untilMs }: PersonKey, nowMs: number): string {
  switch (state) {
    case "none":
      return "nobody's";
    case "open":
      return "not locked, it has no passphrase";
    case "locked":
      return "locked";
    case "unlocked":
      if (untilMs === undefined) return "open";
      return untilMs <= nowMs ? "locked" : `open for ${keyTimeLeft(untilMs, nowMs)} more`;
  }
}

const STATES: Readonly<Record<IdentityView["state"], string>> = {
  none: "nobody's",
  open: "not locked: it has no passphrase, and every program of this user can decide for you",
  locked: "locked",
  unlocked: "open",
};

/** The person of a portal, a line each: their key, whether what they sign counts, their devices. */
export function describeIdentity(view: IdentityView, format: TimeFormat, nowMs: number): readonly string[] {
  const { unlocked_until_ms: untilMs } = view;
  const until = untilMs === undefined
    ? ""
    : ` for ${keyTimeLeft(untilMs, nowMs)} more, until ${format.time(untilMs)}, for all but high stakes`;
  return [
    `Your key is ${STATES[view.state]}${until}`,
    ...(view.words === undefined ? [] : [`In six words: ${view.words}`]),
    ...(view.state === "none" ? [] : [standing(view)]),
    ...(view.state === "none" || view.has_root ? [] : ["The key that certifies devices is not on this machine"]),
    ...view.devices.map((device) =>
      `Device ${sanitiseLine(device.agent_id ?? device.peer_id)}${device.is_self ? " (this one)" : ""}: ${
        device.problem ?? `until ${format.date(device.valid_until_ms)}`
      }`
    ),
  ];
}

function standing({ is_admitted: isAdmitted, problem }: IdentityView): string {
  return isAdmitted
    ? "The mesh knows you: what you sign here counts"
    : `What you sign here counts for nothing: ${problem}`;
}
