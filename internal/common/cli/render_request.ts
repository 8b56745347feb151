/**
 * A request to a person as text: nothing folded, nothing left out, since an answer is signed for exactly this.
 *
 * @module
 */
import type { RequestView } from "@bzzz/api";
import { type FormField, parseFormSchema } from "@bzzz/hmmm";
import { nameOf, relativeTime, shortTaskId } from "./render.ts";
import { sanitiseLine, sanitiseText } from "./sanitise.ts";
import type { TimeFormat } from "./types.ts";

type Decided = NonNullable<RequestView["answer"]>;
type Action = NonNullable<RequestView["action"]>;

/** The whole of a request as lines. */
export function describeRequest(request: RequestView, format: TimeFormat, nowMs: number): string[] {
  const role = request.from.role === undefined ? "" : ` (${sanitiseLine(request.from.role)})`;
  const by = request.stakes_raised_by ?? "";
  const raised = by === "" ? "" : `, raised by ${by.startsWith("wording ") ? by : `rule ${by}`}`;
  return [
    `Ask ${request.short_id}: ${request.kind}, ${request.stakes} stakes, ${request.state}${sanitiseLine(raised)}`,
    ...field("From", `${nameOf(request.from)}${role}, peer ${sanitiseLine(request.from.peer_id)}`),
    ...field("Asked for", names(request.on_behalf_of)),
    ...field("To", addressees(request.to)),
    ...field("Only", names(request.eligible)),
    ...field("Opened", `${format.date(request.opened_at_ms)}, ${relativeTime(request.opened_at_ms, nowMs)}`),
    ...field(
      "Due",
      request.deadline_ms === undefined
        ? undefined
        : `${format.date(request.deadline_ms)}, ${
          relativeTime(request.deadline_ms, nowMs)
        }; then ${request.on_timeout}`,
    ),
    ...field("Put off until", request.snoozed_until_ms && format.date(request.snoozed_until_ms)),
    ...field("Task", request.task_id && shortTaskId(request.task_id)),
    ...field("Thread", request.thread && sanitiseLine(request.thread)),
    ...field("Replaces", request.supersedes && sanitiseLine(request.supersedes)),
    ...field("Replaced by", request.superseded_by && sanitiseLine(request.superseded_by)),
    ...field("Id", sanitiseLine(request.request_id)),
    ...describeWording(request.wording),
    ...field("Title", sanitiseLine(request.title)),
    "",
    ...sanitiseText(request.body).split("\n").map((line) => `  ${line}`),
    "",
    ...(request.refs?.length ? ["Read first:", ...request.refs.map((ref) => `  ${sanitiseLine(ref)}`)] : []),
    ...(request.action ? ["Exact action:", ...describeAction(request.action)] : []),
    ...(request.choices?.length
      ? ["Choices:", ...request.choices.map((choice, i) => `  ${i + 1}. ${sanitiseLine(choice)}`)]
      : []),
    ...formFields(request).flatMap((one, i) => [...(i === 0 ? ["Fields:"] : []), `  ${describeField(one)}`]),
    ...field("Digest", sanitiseLine(request.digest)),
    ...field("Offered", names(request.allow)),
    ...field("Decided by", request.human_present ? "a person; no rule may" : undefined),
    ...(request.claimed ?? []).flatMap((one) => field("Reads it", nameOf(one.by))),
    ...(request.escalations ?? []).flatMap((one) =>
      field("Handed on", `by ${sanitiseLine(one.by)} to ${addressees(one.to)}${because(one.reason)}`)
    ),
    ...(request.votes ?? []).flatMap((vote) => field("Voice", describeDecided(vote, format))),
    ...(request.answer ? field("Answered", describeDecided(request.answer, format)) : []),
    ...(request.late ?? []).flatMap((one) =>
      field("Late", `${describeDecided(one, format)}; it was ${sanitiseLine(one.closed_as)} by then`)
    ),
    ...field(
      "Taken back",
      request.revoked &&
        `by ${sanitiseLine(request.revoked.by)}${because(request.revoked.reason)}, ${
          format.date(request.revoked.at_ms)
        }`,
    ),
    ...field(
      "Came of it",
      request.performed &&
        `${request.performed.outcome}${because(request.performed.text)}, ${format.date(request.performed.at_ms)}`,
    ),
    ...field("Closed because", request.closed_reason && sanitiseLine(request.closed_reason)),
  ].map((line) => sanitiseText(line));
}

/** The person's own words for it, apart from the asker's: an answer is signed for the asker's. */
function describeWording(wording: RequestView["wording"]): string[] {
  if (!wording) return [];
  const id = sanitiseLine(wording.id);
  const { listed, unlisted_because: why = "the library has none of this id" } = wording;
  if (!listed) return [`Wording: ${id}, unlisted wording: ${sanitiseLine(why, 300)}`];
  return [
    `Wording: ${id} v${listed.version} of your library; in quotes is the asker's word`,
    `  ${sanitiseLine(listed.title, 1_000)}`,
    ...(listed.explain === undefined ? [] : sanitiseText(listed.explain).split("\n").map((line) => `  ${line}`)),
    ...listed.checklist.map((one) => `  [ ] ${sanitiseLine(one, 1_000)}`),
    ...listed.quick_replies.map(({ key, decision, text }) =>
      `  Reply ${key}: ${decision}, ${sanitiseLine(text, 1_000)}`
    ),
  ];
}

/** The fields of a request's form; none where it has none, or one that cannot be read. */
export function formFields({ form }: Pick<RequestView, "form">): readonly FormField[] {
  if (form === undefined) return [];
  const parsed = parseFormSchema(JSON.stringify(form));
  return parsed.ok ? parsed.fields : [];
}

/** One field of a form, with what it takes. */
export function describeField(field: FormField): string {
  const { values, min, max } = field;
  const takes = values ? `one of ${values.map((value) => sanitiseLine(value)).join(", ")}` : field.type;
  const bounds = min === undefined && max === undefined ? "" : `, ${min ?? "any"} to ${max ?? "any"}`;
  const standard = field.default === undefined ? "" : `, ${sanitiseLine(String(field.default))} unless given`;
  const help = field.help === undefined ? "" : `: ${sanitiseLine(field.help)}`;
  const label = field.label === field.name ? "" : ` (${sanitiseLine(field.label)})`;
  return `${sanitiseLine(field.name)}${field.isRequired ? " *" : ""}${label}: ${takes}${bounds}${standard}${help}`;
}

/** What exactly would be done, as lines: the verb first. */
export function describeAction({ verb, target, args, effect, reversible, cost }: Action): string[] {
  return [
    `  ${sanitiseLine(verb)}${target === "" ? "" : ` ${sanitiseLine(target)}`}`,
    ...args.map(({ name, value }) => `    ${sanitiseLine(name)}: ${sanitiseLine(String(value))}`),
    ...(effect === "" ? [] : [`  Effect: ${sanitiseLine(effect)}`]),
    ...(reversible === undefined ? [] : [`  Can be undone: ${reversible ? "yes" : "no"}`]),
    ...(cost === undefined ? [] : [`  Cost: ${sanitiseLine(cost)}`]),
  ];
}

function describeDecided(decided: Decided, format: TimeFormat): string {
  const { decision, values, edited_action: edited, scope, until_ms: untilMs, auto } = decided;
  const said = decided.text ?? decided.choice ?? (values && JSON.stringify(values));
  const who = auto ? `rule ${auto.rule} of the policy of ${nameOf(decided.by)}` : nameOf(decided.by);
  const how = scope === "until" && untilMs !== undefined
    ? `, until ${format.date(untilMs)}`
    : scope
    ? `, ${scope}`
    : "";
  const instead = edited ? `; instead: ${describeAction(edited).map((line) => line.trim()).join(", ")}` : "";
  return `${decision} by ${sanitiseLine(who)}, ${format.date(decided.at_ms)}${how}${because(said)}${
    because(decided.reason)
  }${instead}`;
}

function addressees({ human, role, quorum }: RequestView["to"]): string {
  const named = [human, role && `role ${role}`].filter((part) => part !== undefined && part !== "");
  const to = named.length === 0 ? "everyone" : named.map((part) => sanitiseLine(part ?? "")).join(", ");
  return quorum ? `${to}; ${quorum.n} of ${quorum.of} must agree` : to;
}

function names(all: readonly string[] | undefined): string | undefined {
  return all?.length ? all.map((one) => sanitiseLine(one)).join(", ") : undefined;
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : `: ${sanitiseLine(reason)}`;
}

function field(label: string, value: string | undefined | 0): string[] {
  return value === undefined || value === 0 ? [] : [`${label}: ${value}`];
}
