/** Which program a node is. What follows from it is in its profile, never in a switch. */
export type BinaryType = "agent" | "hap";
