import { lineRule, optionalText, text, textList, type TextRule, toggle, wholeNumber } from "./fields.ts";
import { section } from "./members.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** A client id of a task has 128 characters, of which an issue's number takes its part. */
const MAX_REPOSITORY_CHARACTERS = 100;

const REPOSITORY_RULE: TextRule = {
  isValid: (name) =>
    name.length <= MAX_REPOSITORY_CHARACTERS && /^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/.test(name) &&
    !/\/\.{1,2}$/.test(name),
  expected: `a repository as owner/name, at most ${MAX_REPOSITORY_CHARACTERS} characters`,
  hint: (value) => /^https?:\/\/[^/]+\/[^/]+\/[^/]+/.test(value) ? "write owner/name, without the address" : undefined,
};

const LABEL_RULE: TextRule = {
  isValid: (label) => lineRule(50, "").isValid(label) && label === label.trim() && !label.includes(","),
  expected: "the name of a label: 1 to 50 characters on one line, without a comma",
};

const API_RULE: TextRule = {
  isValid: (address) => {
    const url = URL.parse(address);
    if (!url || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return false;
    return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));
  },
  expected: "an https:// address without user and query, such as https://api.github.com",
};

function buildGitHubSection() {
  return section({
    repositories: textList(
      [],
      REPOSITORY_RULE,
      { max: 32, what: "repositories" },
      "Repositories whose issues become tasks while this node leads. None: GitHub is never asked. Use the same in every node that may lead.",
    ),
    label: text(
      "bzzz-task",
      LABEL_RULE,
      "Label of the issues that become tasks. It is taken away when the task has ended.",
    ),
    in_progress_label: text("in-progress", LABEL_RULE, "Label of an issue while an agent holds its task."),
    done_label: text("completed", LABEL_RULE, "Label of an issue whose task is completed."),
    token_file: optionalText(
      lineRule(1024, "the path of a file"),
      "File whose first line is a token that may read and write issues; 0600, relative to the data directory, and for a built program inside it. It is read at every request, so that a new token needs no restart. Left out: public repositories are read, and nothing is told on their issues.",
    ),
    api_url: text(
      "https://api.github.com",
      API_RULE,
      "Address of the REST API; of GitHub Enterprise Server https://HOST/api/v3. Plain http:// only on this host.",
    ),
    poll_interval_seconds: wholeNumber(
      60,
      { min: 1, max: 86_400, unit: "seconds" },
      "Time between two rounds through the repositories. Without a token GitHub answers 60 requests an hour: then take 300 or more.",
    ),
    results: toggle(
      false,
      [true, false],
      "Whether the summary of a result, or the reason of another end, is written on the issue. Off, an issue learns the task's id and state, and no word of the mesh.",
    ),
    close: toggle(false, [true, false], "Whether an issue is closed when its task is completed."),
  });
}

/** The section `tasks.github`. */
export type GitHubSectionSchema = ReturnType<typeof buildGitHubSection>;

/** Issues of GitHub as tasks. */
export function githubSection(): GitHubSectionSchema {
  return buildGitHubSection();
}
