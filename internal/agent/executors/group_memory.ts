/** Bytes of memory a process group holds now; undefined when none of it is left. */
export type MemoryProbe = (group: number) => Promise<number | undefined>;

/**
 * A way to measure that works here, or undefined: `/proc` on Linux (needs all permissions), else the `ps` command (needs
 * `--allow-run=ps`). Both sum resident sets, so shared pages count once per process: an upper bound.
 */
export async function findMemoryProbe(): Promise<MemoryProbe | undefined> {
  for (const probe of [probeProc, probePs]) {
    try {
      await probe(Deno.pid);
      return probe;
    } catch {
      // not there or not permitted: try the next way
    }
  }
  return undefined;
}

/** Through /proc/<pid>/stat (process group in field 5) and /proc/<pid>/status (VmRSS in kB), proc(5). */
async function probeProc(group: number): Promise<number | undefined> {
  let bytes = 0;
  let members = 0;
  await Deno.lstat("/proc/self/stat");
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name) || await groupOf(entry.name) !== group) continue;
    const resident = await residentOf(entry.name);
    if (resident === undefined) continue;
    members++;
    bytes += resident;
  }
  return members > 0 ? bytes : undefined;
}

async function groupOf(pid: string): Promise<number | undefined> {
  const stat = await readGone(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything, so count from its end.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[2] === undefined ? undefined : Number(fields[2]);
}

async function residentOf(pid: string): Promise<number | undefined> {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(await readGone(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** A process may end between listing and reading. */
async function readGone(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

async function probePs(group: number): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "pgid=,rss="], stderr: "null" }).output();
  let bytes: number | undefined;
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [pgid, kilobytes] = line.trim().split(/\s+/).map(Number);
    if (pgid === group && kilobytes !== undefined) bytes = (bytes ?? 0) + kilobytes * 1024;
  }
  return bytes;
}
