import type { StatusView } from "@bzzz/api";

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
