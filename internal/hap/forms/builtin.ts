/**
 * The templates that come with the program. They are read as those of a person are.
 *
 * @module
 */
import decisionRecord from "./builtin/decision-record.yaml" with { type: "text" };
import handover from "./builtin/handover.yaml" with { type: "text" };
import incident from "./builtin/incident.yaml" with { type: "text" };
import patch from "./builtin/patch.yaml" with { type: "text" };
import question from "./builtin/question.yaml" with { type: "text" };
import reviewRequest from "./builtin/review-request.yaml" with { type: "text" };
import status from "./builtin/status.yaml" with { type: "text" };
import taskAssign from "./builtin/task-assign.yaml" with { type: "text" };

/** Their texts, by id. */
export const BUILTIN_TEMPLATES: Readonly<Record<string, string>> = {
  "decision-record": decisionRecord,
  handover,
  incident,
  patch,
  question,
  "review-request": reviewRequest,
  status,
  "task-assign": taskAssign,
};
