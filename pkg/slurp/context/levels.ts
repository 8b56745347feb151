import type { Address } from "@bzzz/ucxl";

/** Project and task of what holds for the whole mesh. */
export const GLOBAL_NAME = "global";
/** Task of what holds for a whole project. */
export const PROJECT_TASK = "project";

/** A project and a task: what is derived together. */
export interface Subject {
  readonly project: string;
  readonly task: string;
}

/** One place on the way down to an address; `path` "" is the task itself. */
export interface Level extends Subject {
  readonly path: string;
}

/** The way down to an address, and whether the bound left some of it out. */
export interface LevelPath {
  /** From the outermost to the address itself. */
  readonly levels: readonly Level[];
  readonly isComplete: boolean;
}

/**
 * The levels that an address inherits from: the mesh (`global:global`), its project (`<project>:project`), its task, each folder of its
 * path, itself. Of more than `maxDepth` the outermost are left out.
 */
export function levelsOf(address: Pick<Address, "project" | "task" | "path">, maxDepth: number): LevelPath {
  const { project, task, path } = address;
  const levels: Level[] = [{ project: GLOBAL_NAME, task: GLOBAL_NAME, path: "" }];
  if (project !== GLOBAL_NAME) levels.push({ project, task: PROJECT_TASK, path: "" });
  if (task !== PROJECT_TASK && task !== levels[0]?.task) levels.push({ project, task, path: "" });
  const segments = path === "" ? [] : path.split("/");
  for (let i = 1; i <= segments.length; i++) levels.push({ project, task, path: segments.slice(0, i).join("/") });
  return { levels: levels.slice(-maxDepth), isComplete: levels.length <= maxDepth };
}

/** A name of a subject for maps and people. */
export function subjectKey({ project, task }: Subject): string {
  return `${project}:${task}`;
}

/** The address that stands for a level in texts; who wrote there does not matter. */
export function levelText({ project, task, path }: Level): string {
  return `${project}:${task}${path === "" ? "" : `/${path}`}`;
}

/** The folder that a path lies in; "" for the task itself. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}
