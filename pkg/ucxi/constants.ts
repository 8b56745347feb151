/** Where every route lives. A breaking change of a body makes it v2. */
export const UCXI_BASE = "/ucxi/v1";

/** The most items one list answers. */
export const MAX_LIST_ITEMS = 1_000;

/** Streams of new versions served at once; one more is refused with 503. */
export const MAX_SUBSCRIBERS = 32;

/** Where a decision can stand. */
export const DECISION_STATES = ["recorded", "open", "approved", "rejected", "undecided"] as const;
