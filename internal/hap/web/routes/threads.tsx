import { callForHelp } from "@bzzz/cli";
import { ApiError } from "@bzzz/http";
import { type PageApp, Said, typed, type Visit } from "@bzzz/web";
import { MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS } from "@bzzz/wire";
import { fullPage, justDone, momentOf, type PageParts, part, readForm, wantsPart } from "../page.tsx";
import { type Filled, lengthProblem, numberProblem, problemsOf, takeForm } from "../take_form.ts";
import { Problems } from "../views/field.tsx";
import { threadHref } from "../views/hrefs.ts";
import { HelpPage, MessageList, ThreadForm } from "../views/threads.tsx";
import { Live } from "../views/words.tsx";

/** Of a thread; older ones are in `hmmm thread`. */
const MAX_MESSAGES = 500;
const MAX_THREAD_CHARACTERS = 128;
const MAX_CAPABILITIES = 32;
/** A day. */
const MAX_MINUTES = 1_440;

const SAID: Readonly<Record<string, string>> = {
  say: "Everybody was told.",
  call: "Called. Answers come here.",
};

/** Threads of the discussion, and calls for help, whose answers come to a thread. */
export function addThreadRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;

  app.get("/threads", async (visit) => await threadPage(visit, parts, visit.req.query("thread") ?? "", {}));

  app.post("/threads", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const thread = form.get("thread") ?? "";
    return await takeForm(visit, form, {
      purpose: `thread ${thread}`,
      again: (filled) => threadPage(visit, parts, thread, filled),
      act: async (options) => {
        const text = typed(form, "words") ?? "";
        const problems = problemsOf({ words: lengthProblem("Words", text, { min: 1, max: MAX_TEXT_CHARACTERS }) });
        if (problems) return problems;
        await client.postMessage({ text, thread }, options);
        return `${threadHref(thread)}&done=say`;
      },
    });
  });

  app.get("/help", async (visit) => await helpPage(visit, parts, {}));

  app.post("/help", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    return await takeForm(visit, form, {
      purpose: "help",
      again: (filled) => helpPage(visit, parts, filled),
      act: async ({ signal }) => {
        const [text, minutes] = [typed(form, "words") ?? "", typed(form, "minutes")];
        const capabilities = capabilitiesOf(form);
        const problems = problemsOf({
          words: lengthProblem("Words", text, { min: 1, max: MAX_TEXT_CHARACTERS }),
          others: capabilityProblem(capabilities),
          minutes: numberProblem("Minutes", minutes, { min: 1, max: MAX_MINUTES }),
        });
        if (problems) return problems;
        const call = { text, capabilities, ...(minutes === undefined ? {} : { ttlMs: Number(minutes) * 60_000 }) };
        const { thread } = await callForHelp(client, call, { nowMs: parts.clock.nowMs(), signal });
        return `${threadHref(thread)}&done=call`;
      },
    });
  });
}

function capabilitiesOf(form: URLSearchParams): readonly string[] {
  const others = (typed(form, "others") ?? "").split(",").map((name) => name.trim()).filter(Boolean);
  return [...new Set([...form.getAll("capability"), ...others])];
}

function capabilityProblem(names: readonly string[]): string | undefined {
  const expected = `Capabilities: expected 1 to ${MAX_CAPABILITIES} of at most ${MAX_NAME_CHARACTERS} characters`;
  if (names.length === 0) return `${expected}, found none`;
  if (names.length > MAX_CAPABILITIES) return `${expected}, found ${names.length}`;
  const long = names.find((name) => name.length > MAX_NAME_CHARACTERS);
  return long === undefined ? undefined : `${expected}, found "${long.slice(0, MAX_NAME_CHARACTERS)}…"`;
}

async function threadPage(visit: Visit, parts: PageParts, thread: string, filled: Filled): Promise<Response> {
  if (thread === "" || thread.length > MAX_THREAD_CHARACTERS) {
    const found = thread === "" ? "none" : `${thread.length} characters`;
    throw new ApiError(
      "invalid_request",
      `Cannot show the thread: expected a name of 1 to ${MAX_THREAD_CHARACTERS} characters, found ${found}`,
    );
  }
  const { signal } = visit.req.raw;
  const messages = await parts.client.messages({ thread, limit: MAX_MESSAGES }, { signal });
  const list = <MessageList messages={messages} at={momentOf(parts)} />;
  if (wantsPart(visit)) return part(list);
  const said = justDone(visit, SAID);
  return await fullPage(
    visit,
    parts,
    { title: "Thread", section: "Tasks", status: filled.status ?? 200 },
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      <Problems filled={filled} />
      <p>
        <Said text={thread} />
      </p>
      <Live name="rooms" href={`${threadHref(thread)}&part=1`}>{list}</Live>
      {parts.isObserver
        ? ""
        : <ThreadForm thread={thread} form={visit.var.session.forms.issue(`thread ${thread}`)} filled={filled} />}
    </>,
  );
}

async function helpPage(visit: Visit, parts: PageParts, filled: Filled): Promise<Response> {
  const agents = await parts.client.agents({ signal: visit.req.raw.signal });
  const here = agents.filter(({ binary_type: type, presence }) =>
    type === "agent" && presence !== "left" && presence !== "failed"
  );
  const known = [...new Set(here.flatMap(({ capabilities }) => capabilities))].sort().slice(0, 100);
  return await fullPage(
    visit,
    parts,
    { title: "Call for help", section: "Tasks", status: filled.status ?? 200 },
    parts.isObserver
      ? <p>This page was opened to look only.</p>
      : <HelpPage form={visit.var.session.forms.issue("help")} known={known} filled={filled} />,
  );
}
