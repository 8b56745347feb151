import { getHeapStatistics } from "node:v8";

/** What a process uses now, in bytes. */
export interface MemorySample {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** What V8 allows the heap to grow to; it ends the process beyond that. */
  readonly heapLimitBytes: number;
}

/** This process, now. */
export function readProcessMemory(): MemorySample {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { rssBytes: rss, heapUsedBytes: heapUsed, heapLimitBytes: getHeapStatistics().heap_size_limit };
}

/** How near a process is to its limit. */
export type MemoryLevel = "normal" | "high" | "critical";

/** What `assessMemory` remembers. */
export interface MemoryState {
  readonly level: MemoryLevel;
  /** The level that the last samples agree on, and how many they are; a change needs `samplesToAgree`. */
  readonly candidate: MemoryLevel;
  readonly agreeing: number;
}

/** Shares of the limit. Between `recoveredAt` and `highAt` nothing changes, so that it does not flap. */
export interface MemoryThresholds {
  readonly recoveredAt: number;
  readonly highAt: number;
  readonly criticalAt: number;
  readonly samplesToAgree: number;
}

/** High from 85 %, critical from 97 %, recovered below 75 %, by three samples in a row. */
export const DEFAULT_MEMORY_THRESHOLDS: MemoryThresholds = {
  recoveredAt: 0.75,
  highAt: 0.85,
  criticalAt: 0.97,
  samplesToAgree: 3,
};

/** Before the first sample. */
export const INITIAL_MEMORY_STATE: MemoryState = { level: "normal", candidate: "normal", agreeing: 0 };

/** The share of the limit in use: of resident memory or of the heap, whichever is nearer to its end. Pure. */
export function memoryShare(sample: MemorySample, limitBytes: number): number {
  return Math.max(sample.rssBytes / limitBytes, sample.heapUsedBytes / sample.heapLimitBytes);
}

/** The state after one more sample. One spike changes nothing: garbage that V8 has no reason to collect looks the same. Pure. */
export function assessMemory(state: MemoryState, share: number, thresholds: MemoryThresholds): MemoryState {
  const candidate = levelOf(state.level, share, thresholds);
  const agreeing = candidate === state.candidate ? Math.min(state.agreeing + 1, thresholds.samplesToAgree) : 1;
  const level = agreeing >= thresholds.samplesToAgree ? candidate : state.level;
  return { level, candidate, agreeing };
}

function levelOf(current: MemoryLevel, share: number, thresholds: MemoryThresholds): MemoryLevel {
  if (share >= thresholds.criticalAt) return "critical";
  if (share >= thresholds.highAt) return "high";
  return share < thresholds.recoveredAt || current === "normal" ? "normal" : "high";
}
