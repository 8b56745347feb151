import { formatAddress, parseConcrete } from "@bzzz/ucxl";
import { type Html, type PageApp, refusalOf, typed, type Visit } from "@bzzz/web";
import { fullPage, justDone, momentOf, type PageParts, readForm } from "../page.tsx";
import { addressProblem } from "../read_address.ts";
import { type Filled, numberProblem, problemsOf, takeForm } from "../take_form.ts";
import {
  LetterPage,
  SLURP_VIEWS,
  SlurpAlignment,
  SlurpAnswer,
  SlurpContext,
  SlurpGraph,
  SlurpPage,
  type SlurpViewName,
} from "../views/slurp.tsx";

const MAX_DEPTH = 64;
const MAX_HOPS = 32;
const DIRECTIONS = ["both", "causes", "effects"] as const;

const SAID: Readonly<Record<string, string>> = { replay: "What was given up waits for another try." };

/** What is derived from the context, and what could not be. */
export function addSlurpRoutes(app: PageApp, parts: PageParts): void {
  const { slurp } = parts.client;

  app.get("/slurp", async (visit) => await slurpPage(visit, parts, {}));

  for (const { view, label } of SLURP_VIEWS) {
    app.get(`/slurp/${view}`, async (visit) => {
      const query = new URL(visit.req.url).searchParams;
      const { address, filled, content } = await answerOf(visit, parts, view, query);
      return await fullPage(
        visit,
        parts,
        { title: label, section: "Context", status: filled.status ?? 200 },
        <SlurpAnswer view={view} address={address} filled={filled}>{content}</SlurpAnswer>,
      );
    });
  }

  app.get("/slurp/letters/:letter", async (visit) => {
    return await letterPage(visit, parts, visit.req.param("letter"), {});
  });

  app.post("/slurp/replay", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const id = form.get("id") ?? undefined;
    return await takeForm(visit, form, {
      purpose: replayPurpose(id),
      again: (filled) => id === undefined ? slurpPage(visit, parts, filled) : letterPage(visit, parts, id, filled),
      act: async (options) => {
        await slurp.replay(id, options);
        return "/slurp?done=replay";
      },
    });
  });
}

function replayPurpose(id: string | undefined): string {
  return id === undefined ? "replay all" : `replay ${id}`;
}

/** What a question finds, or what is wrong with it; nothing asked is nothing found. */
async function answerOf(
  visit: Visit,
  parts: PageParts,
  view: SlurpViewName,
  query: URLSearchParams,
): Promise<{ readonly address?: string; readonly filled: Filled; readonly content: Html | "" }> {
  if (!query.has("address")) return { filled: {}, content: "" };
  const text = typed(query, "address") ?? "";
  const [depth, hops] = [typed(query, "depth"), typed(query, "hops")];
  const direction = DIRECTIONS.find((one) => one === (query.get("direction") ?? "both"));
  const problems = problemsOf({
    address: addressProblem("Address", text),
    depth: numberProblem("Levels", depth, { min: 1, max: MAX_DEPTH }),
    hops: numberProblem("Decisions away", hops, { min: 0, max: MAX_HOPS }),
    direction: direction === undefined ? `Direction: expected ${DIRECTIONS.join(", ")}` : undefined,
  });
  if (problems || direction === undefined) {
    return { filled: { typed: query, problems: problems ?? {}, status: 422 }, content: "" };
  }
  const address = formatAddress(parseConcrete(text));
  const at = momentOf(parts);
  const options = { signal: visit.req.raw.signal };
  const { slurp } = parts.client;
  const find = async (): Promise<Html> => {
    switch (view) {
      case "context":
        return (
          <SlurpContext
            view={await slurp.context({ address, ...(depth === undefined ? {} : { max_depth: depth }) }, options)}
            at={at}
          />
        );
      case "graph":
        return (
          <SlurpGraph
            view={await slurp.graph({ address, direction, ...(hops === undefined ? {} : { hops }) }, options)}
            at={at}
          />
        );
      case "alignment":
        return <SlurpAlignment view={await slurp.alignment(address, options)} />;
    }
  };
  try {
    return { address, filled: { typed: query }, content: await find() };
  } catch (error) {
    const { message, status } = refusalOf(error);
    return { address, filled: { typed: query, problem: message, status }, content: "" };
  }
}

async function slurpPage(visit: Visit, parts: PageParts, filled: Filled): Promise<Response> {
  const options = { signal: visit.req.raw.signal };
  const { slurp } = parts.client;
  const [status, letters] = await Promise.all([slurp.status(options), slurp.deadLetters(options)]);
  return await fullPage(
    visit,
    parts,
    { title: "Derived context", section: "Context", status: filled.status ?? 200 },
    <SlurpPage
      status={status}
      letters={letters}
      form={parts.isObserver ? undefined : visit.var.session.forms.issue(replayPurpose(undefined))}
      at={momentOf(parts)}
      filled={filled}
      said={justDone(visit, SAID)}
    />,
  );
}

async function letterPage(visit: Visit, parts: PageParts, id: string, filled: Filled): Promise<Response> {
  const letter = await parts.client.slurp.deadLetter(id, { signal: visit.req.raw.signal });
  return await fullPage(
    visit,
    parts,
    { title: "Dead letter", section: "Context", status: filled.status ?? 200 },
    <LetterPage
      letter={letter}
      form={parts.isObserver ? undefined : visit.var.session.forms.issue(replayPurpose(letter.id))}
      at={momentOf(parts)}
      filled={filled}
    />,
  );
}
