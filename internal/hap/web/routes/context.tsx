import type { ContentAnswer, VersionView } from "@bzzz/ucxi";
import { atTemporal, formatAddress, LATEST, parseAddress, parseConcrete, parseTemporal } from "@bzzz/ucxl";
import { type PageApp, refusalOf, typed, USED_FORM, type Visit } from "@bzzz/web";
import { fullPage, justDone, momentOf, type PageParts, part, readForm, wantsPart } from "../page.tsx";
import { concreteAddress, readAddress } from "../read_address.ts";
import { passphraseOf, takesPassphrase } from "./passphrase.ts";
import { AddressPrompt } from "../views/address_prompt.tsx";
import { ContextFinder, FoundList, ThingPage, VersionList } from "../views/context.tsx";
import { DiffPage } from "../views/diff.tsx";
import { DecisionList, DecisionPage, Votes } from "../views/decisions.tsx";
import { Live } from "../views/words.tsx";
import { decisionHref } from "../views/hrefs.ts";

const EVERYTHING = "ucxl://any:any@any:any";
const MAX_LISTED = 200;
const MAX_VERSIONS = 200;

const SAID: Readonly<Record<string, string>> = {
  write: "Written: it is the version below.",
  delete: "Deleted: a version says so. Earlier ones are below.",
};

/** What is stored at UCXL addresses, through time, and what was decided. */
export function addContextRoutes(app: PageApp, parts: PageParts): void {
  const { context } = parts;

  app.get("/context", async (visit) => {
    const { signal } = visit.req.raw;
    const text = visit.req.query("text")?.trim() ?? "";
    const pattern = visit.req.query("pattern")?.trim() || EVERYTHING;
    const canonical = readAddress(() => formatAddress(parseAddress(pattern)));
    const at = momentOf(parts);
    const shown = text === ""
      ? await context.list(canonical, { limit: MAX_LISTED, signal }).then(({ items, next }) => (
        <VersionList versions={items} at={at} hasMore={next !== undefined} />
      ))
      : <FoundList found={await context.query({ text, pattern: canonical, limit: MAX_LISTED }, { signal })} at={at} />;
    if (wantsPart(visit)) return part(shown);
    const href = `/context?${new URLSearchParams({ text, pattern, part: "1" })}`;
    return await fullPage(
      visit,
      parts,
      { title: "Context", section: "Context" },
      <>
        <ContextFinder pattern={pattern} text={text} />
        <Live name="context" href={href}>{shown}</Live>
        {parts.isObserver ? "" : <AddressPrompt action="/context/write" label="Write at an address" />}
        <p>
          <a href="/slurp">Derived context and dead letters</a>
        </p>
      </>,
    );
  });

  app.get("/context/at", async (visit) => {
    const { signal } = visit.req.raw;
    const wanted = readAddress(() => parseConcrete(visit.req.query("address") ?? ""));
    const time = visit.req.query("time");
    const address = formatAddress(
      time === undefined ? wanted : atTemporal(wanted, readAddress(() => parseTemporal(`@${withSeconds(time)}Z`))),
    );
    const latest = formatAddress(atTemporal(wanted, LATEST));
    const history = await context.history(latest, { limit: MAX_VERSIONS, signal });
    let content: ContentAnswer | undefined;
    let problem: { readonly message: string; readonly status: number } | undefined;
    try {
      content = await context.get(address, { signal });
    } catch (error) {
      problem = refusalOf(error); // deleted, for others, before its first version: the history is still there
    }
    return await fullPage(
      visit,
      parts,
      { title: "At an address", section: "Context", ...(problem ? { status: problem.status } : {}) },
      <ThingPage
        address={latest}
        content={content}
        problem={problem?.message}
        history={history}
        at={momentOf(parts)}
        said={justDone(visit, SAID)}
        canWrite={!parts.isObserver}
      />,
    );
  });

  app.get("/context/diff", async (visit) => {
    const address = readAddress(() =>
      formatAddress(atTemporal(parseConcrete(visit.req.query("address") ?? ""), LATEST))
    );
    const [from, to] = ["from", "to"].map((name) => {
      const segment = visit.req.query(name);
      if (segment !== undefined) readAddress(() => parseTemporal(segment));
      return segment;
    });
    const diff = await context.diff(address, {
      signal: visit.req.raw.signal,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
    return await fullPage(
      visit,
      parts,
      { title: "What changed", section: "Context" },
      <DiffPage diff={diff} address={address} at={momentOf(parts)} />,
    );
  });

  app.get("/decisions", async (visit) => {
    const items = await context.decisions({ limit: MAX_LISTED }, { signal: visit.req.raw.signal });
    const list = <DecisionList items={items} at={momentOf(parts)} />;
    if (wantsPart(visit)) return part(list);
    return await fullPage(
      visit,
      parts,
      { title: "Decisions", section: "Decisions" },
      <Live name="context" href="/decisions?part=1">{list}</Live>,
    );
  });

  app.get("/decisions/at", async (visit) => {
    const address = concreteAddress(visit.req.query("address"));
    if (!wantsPart(visit)) return await decisionPage(visit, parts, address, {});
    const decision = await context.decision(address, { signal: visit.req.raw.signal });
    return part(<Votes decision={decision} at={momentOf(parts)} />);
  });

  app.post("/decisions/vote", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const address = concreteAddress(form.get("address"));
    const again = (problem: string, status: number) => decisionPage(visit, parts, address, { problem, status });
    const { version } = await context.decision(address, { signal: visit.req.raw.signal });
    if (visit.var.session.forms.take(form.get("form") ?? "", votePurpose(version)) !== "fresh") {
      return await again(USED_FORM, 409);
    }
    const reason = typed(form, "reason");
    try {
      const vote = {
        address: version.citation, // what is written there from now on is another decision
        vote: form.get("vote") ?? "",
        ...(reason === undefined ? {} : { reason }),
        ...passphraseOf(form),
      };
      await context.vote(vote, { signal: visit.req.raw.signal });
    } catch (error) {
      const { message, status } = refusalOf(error);
      return await again(message, status);
    }
    return visit.redirect(decisionHref(address), 303);
  });
}

/** A browser leaves the seconds out where they are none. */
function withSeconds(time: string): string {
  return /T\d\d:\d\d$/.test(time) ? `${time}:00` : time;
}

/** A vote is on what was shown, not on what was written over it meanwhile. */
function votePurpose({ citation }: VersionView): string {
  return `vote ${citation}`;
}

async function decisionPage(
  visit: Visit,
  parts: PageParts,
  address: string,
  options: { readonly problem?: string; readonly status?: number },
): Promise<Response> {
  const decision = await parts.context.decision(address, { signal: visit.req.raw.signal });
  const canVote = decision.state === "open" && decision.record !== undefined && !parts.isObserver;
  return await fullPage(
    visit,
    parts,
    { title: "Decision", section: "Decisions", ...(options.status === undefined ? {} : { status: options.status }) },
    <DecisionPage
      decision={decision}
      at={momentOf(parts)}
      isLocked={canVote && await takesPassphrase(visit, parts, false)}
      form={canVote ? visit.var.session.forms.issue(votePurpose(decision.version)) : undefined}
      problem={options.problem}
    />,
  );
}
