import type { Crash } from "../engine/faults.ts";
import type { NodeHost } from "../engine/node_host.ts";
import type { SimDisk } from "./sim_disk.ts";

/** A machine with a disk, and the process on it. */
export interface Machine {
  readonly host: NodeHost;
  readonly disk: SimDisk;
  /** Ends the process. */
  crash(): void;
}

/**
 * Ends the process of a machine that runs, at once or in the middle of its n-th commit from now; a power cut takes what was
 * not synced. `died` is called right after.
 */
export function crashMachine(machine: Machine | undefined, crash: Crash, afterCommits: number, died: () => void): void {
  if (!machine || machine.host.state === "down") return;
  const die = (): void => {
    machine.crash();
    if (crash.isPowerCut) machine.disk.losePower(crash.keptShare);
    else machine.disk.loseProcess();
    died();
  };
  if (afterCommits === 0) die();
  else machine.disk.dieAfterCommits(afterCommits, die);
}
