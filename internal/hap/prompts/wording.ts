import type { ConfigIssue } from "@bzzz/config";
import { FIELD_TYPES, type FormField } from "@bzzz/hmmm";
import { REQUEST_KINDS, REQUEST_STAKES } from "@bzzz/wire";
import { z } from "zod";
import { issueAt, readDocument } from "../forms/document.ts";
import { templateId } from "../forms/template.ts";
import { parseTemplateText } from "../forms/template_text.ts";

const words = z.string().min(1).max(4096);
const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, "a language like en or de-AT");
const spoken = z.union([words, z.record(language, words)], { error: "a text, or texts by language" });
const REPLY = z.strictObject({
  key: z.string().regex(/^[a-z0-9]{1,8}$/, "1 to 8 of a-z and 0-9"),
  deny: spoken.optional(),
  answer: spoken.optional(),
  choose: words.optional(),
}).refine(({ deny, answer, choose }) => [deny, answer, choose].filter((one) => one !== undefined).length === 1, {
  error: "exactly one of deny, answer and choose; nothing is approved by a reply",
});
const PARAM = z.union([
  z.enum(FIELD_TYPES).exclude(["enum", "multi-enum"]),
  z.strictObject({ enum: z.array(z.string().min(1).max(200)).min(1).max(64) }),
], { error: `one of ${FIELD_TYPES.filter((one) => !one.endsWith("enum")).join(", ")}, or { enum: […] }` });
const WORDING = z.strictObject({
  id: templateId,
  version: z.int().min(1).default(1),
  kind: z.enum(REQUEST_KINDS).optional(),
  stakes: z.enum(REQUEST_STAKES).optional(),
  title: spoken,
  explain: spoken.optional(),
  checklist: z.array(spoken).max(32).default([]),
  quick_replies: z.array(REPLY).max(16).default([]),
  params: z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/, "a name of letters, digits, _ and -"), PARAM)
    .default({}),
});

/** A text of the library, in one language or several. */
export type Spoken = z.output<typeof spoken>;

/** A reply that a person keeps ready. */
export interface QuickReply {
  readonly key: string;
  readonly decision: "deny" | "answer" | "choose";
  readonly text: Spoken;
}

/** How a person wants to read asks that name this wording. It decides nothing. */
export interface Wording {
  readonly id: string;
  readonly version: number;
  /** Only of asks of this kind. */
  readonly kind: (typeof REQUEST_KINDS)[number] | undefined;
  /** Asks that name it have at least these. */
  readonly stakes: (typeof REQUEST_STAKES)[number] | undefined;
  readonly title: Spoken;
  readonly explain: Spoken | undefined;
  readonly checklist: readonly Spoken[];
  readonly quickReplies: readonly QuickReply[];
  readonly params: readonly FormField[];
}

/** Reads a wording, with the line of every mistake. Never throws. */
export function parseWording(
  text: string,
  file: string,
): { readonly ok: true; readonly value: Wording } | { readonly ok: false; readonly issues: readonly ConfigIssue[] } {
  const document = readDocument(text, file, WORDING);
  if (!document.ok) return document;
  const { value } = document;
  const issues: ConfigIssue[] = [];
  const names = new Set(Object.keys(value.params));
  const check = (path: readonly PropertyKey[], said: Spoken | undefined) => {
    for (const [language, one] of typeof said === "object" ? Object.entries(said) : [[undefined, said]] as const) {
      const parsed = one === undefined ? undefined : parseTemplateText(one, names);
      const at = language === undefined ? path : [...path, language];
      if (parsed?.ok === false) issues.push(issueAt(document, file, at, parsed.got, parsed.expected));
    }
  };
  check(["title"], value.title);
  check(["explain"], value.explain);
  value.checklist.forEach((one, i) => check(["checklist", i], one));
  value.quick_replies.forEach(({ key, deny, answer }, i) => {
    check(["quick_replies", i, deny === undefined ? "answer" : "deny"], deny ?? answer);
    const twin = value.quick_replies.findIndex((other) => other.key === key);
    if (twin < i) issues.push(issueAt(document, file, ["quick_replies", i, "key"], `"${key}" again`, "each key once"));
  });
  if (issues.length > 0) return { ok: false, issues };
  const { quick_replies: replies, params, kind, stakes, explain, ...rest } = value;
  return {
    ok: true,
    value: { ...rest, kind, stakes, explain, quickReplies: replies.map(replyOf), params: paramsOf(params) },
  };
}

function replyOf({ key, deny, answer, choose = "" }: z.output<typeof REPLY>): QuickReply {
  if (deny !== undefined) return { key, decision: "deny", text: deny };
  return answer === undefined ? { key, decision: "choose", text: choose } : { key, decision: "answer", text: answer };
}

function paramsOf(params: z.output<typeof WORDING>["params"]): FormField[] {
  return Object.entries(params).map(([name, type]) => ({
    name,
    label: name,
    isRequired: true,
    ...(typeof type === "string" ? { type } : { type: "enum" as const, values: type.enum }),
  }));
}
