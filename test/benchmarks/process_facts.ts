/** Seconds of processor time a process has used so far; Linux only. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

/** Milliseconds of processor time of the threads a process has now, to the nanosecond where `cpuSecondsOf` has ticks; Linux only. */
export async function cpuMsOf(pid: number): Promise<number> {
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    // a thread that ended between the two looks counts nothing
    const stat = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => "0");
    nanoseconds += Number(stat.split(" ")[0]);
  }
  return nanoseconds / 1e6;
}

/** Resident memory of a process in MiB; Linux only. */
export async function rssMbOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Kills a child and waits for its end. */
export async function endChild(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // it ended by itself
  }
  await child.status;
}

/** `getconf CLK_TCK`: 100 on every Linux that Deno runs on. */
const CLOCK_TICKS_PER_SECOND = 100;
