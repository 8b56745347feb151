export type { BinaryType } from "@bzzz/agentid";
