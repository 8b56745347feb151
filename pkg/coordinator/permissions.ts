import type { PeerId } from "@bzzz/base";
import type { PostFact } from "./task_facts.ts";
import type { Authority } from "./types.ts";

/** Levels whose holders steer other nodes' work. */
const STEERING_LEVELS: ReadonlySet<string> = new Set(["master", "decision", "coordination"]);

/** Who may cancel a task or have it tried again: its poster, whoever coordinates, and people whose role is more than reading. */
export function maySteer(
  post: Pick<PostFact, "author">,
  actor: PeerId,
  authority: Omit<Authority, "role"> | undefined,
): boolean {
  if (actor === post.author) return true;
  if (!authority || authority.level === "read_only") return false;
  return authority.binaryType === "hap" || STEERING_LEVELS.has(authority.level);
}

/** Who may judge a result: the role that the post names and masters; without a name, whoever may steer the task. */
export function mayReview(post: PostFact, actor: PeerId, authority: Authority): boolean {
  if (authority.level === "read_only") return false;
  const role = post.body.review?.role;
  if (role !== undefined) return authority.role === role || authority.level === "master";
  return maySteer(post, actor, authority);
}
