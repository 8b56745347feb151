import {
  decisionOn,
  EVERY_PATCH,
  listPatches,
  MAX_PATCH_TITLE,
  offerPatch,
  patchAt,
  patchDifference,
  type PatchView,
  submitPatch,
} from "@bzzz/cli";
import { utf8Encode } from "@bzzz/base";
import { PATCH_KINDS } from "@bzzz/ucxl";
import { VOTES } from "@bzzz/wire";
import { type PageApp, refusalOf, typed, type Visit } from "@bzzz/web";
import { readEditable } from "../editable.ts";
import { fullPage, justDone, momentOf, type PageParts, part, readForm, wantsPart } from "../page.tsx";
import { concreteAddress, concreteKey } from "../read_address.ts";
import { type Filled, lengthProblem, numberProblem, problemsOf, takeForm } from "../take_form.ts";
import { AddressPrompt } from "../views/address_prompt.tsx";
import { NewPatchPage, PatchList, PatchPage, PatchStanding } from "../views/patches.tsx";
import { Live } from "../views/words.tsx";
import { passphraseOf, takesPassphrase } from "./passphrase.ts";
import { patchHref } from "../views/hrefs.ts";

const MAX_LISTED = 50;
const MAX_SUMMARY_CHARACTERS = 4_096;
const HOUR_MS = 3_600_000;
/** A month, which is more than anybody waits. */
const MAX_HOURS = 31 * 24;
const MAX_QUORUM = 10_000;

const SAID: Readonly<Record<string, string>> = {
  new: "It is put to the vote.",
  review: "Your vote is cast.",
  submit: "Submitted: it stands where it was meant to stand.",
};

/** Changes that are offered, judged and applied. */
export function addPatchRoutes(app: PageApp, parts: PageParts): void {
  const { context, client } = parts;

  app.get("/patches", async (visit) => {
    const found = await listPatches(context, { pattern: EVERY_PATCH, limit: MAX_LISTED, signal: visit.req.raw.signal });
    const list = <PatchList {...found} at={momentOf(parts)} />;
    if (wantsPart(visit)) return part(list);
    return await fullPage(
      visit,
      parts,
      { title: "Patches", section: "Patches" },
      <>
        <Live name="context" href="/patches?part=1">{list}</Live>
        {parts.isObserver ? "" : <AddressPrompt action="/patches/new" label="Offer a change of what stands at" />}
      </>,
    );
  });

  app.get("/patches/at", async (visit) => {
    const said = justDone(visit, SAID);
    const address = concreteAddress(visit.req.query("address"));
    if (!wantsPart(visit)) return await patchPage(visit, parts, address, {}, said);
    const view = await patchAt(context, address, visit.req.raw.signal);
    return part(<PatchStanding view={view} at={momentOf(parts)} />);
  });

  app.get("/patches/new", async (visit) => {
    return await newPatchPage(visit, parts, concreteAddress(visit.req.query("address")), {});
  });

  app.post("/patches/new", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const address = concreteKey(form.get("address"));
    return await takeForm(visit, form, {
      purpose: `patch new ${address}`,
      again: (filled) => newPatchPage(visit, parts, address, filled),
      act: async ({ signal }) => {
        const content = (form.get("content") ?? "").replaceAll("\r\n", "\n");
        const [title, summary] = [typed(form, "title") ?? "", typed(form, "summary") ?? ""];
        const [quorum, hours] = [typed(form, "quorum"), typed(form, "hours")];
        const kind = PATCH_KINDS.find((one) => one === form.get("kind"));
        const problems = problemsOf({
          title: lengthProblem("Title", title, { min: 1, max: MAX_PATCH_TITLE }),
          kind: kind === undefined ? `Kind: expected ${PATCH_KINDS.join(", ")}` : undefined,
          summary: lengthProblem("Summary", summary, { min: 0, max: MAX_SUMMARY_CHARACTERS }),
          quorum: numberProblem("Votes", quorum, { min: 1, max: MAX_QUORUM }),
          hours: numberProblem("Hours", hours, { min: 1, max: MAX_HOURS }),
        });
        if (problems || kind === undefined) return problems ?? {};
        const { latest } = await readEditable(context, address, signal);
        if ((latest?.revision ?? "") !== form.get("revision")) {
          return {
            content: "Content: something else stands there by now; look at it, and make the change again",
          };
        }
        const offer = {
          kind,
          title,
          summary,
          target: address,
          content: utf8Encode(content),
          ...(quorum === undefined ? {} : { quorum: Number(quorum) }),
          ...(hours === undefined ? {} : { windowMs: Number(hours) * HOUR_MS }),
        };
        const offered = await offerPatch({ client, ucxi: context }, offer, { nowMs: parts.clock.nowMs(), signal });
        return `${patchHref(offered.address)}&done=new`;
      },
    });
  });

  app.post("/patches/review", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const address = concreteKey(form.get("address"));
    const view = await patchAt(context, address, visit.req.raw.signal);
    return await takeForm(visit, form, {
      purpose: votePurpose(view),
      again: (filled) => patchPage(visit, parts, address, filled),
      act: async ({ signal }) => {
        const vote = VOTES.find((one) => one === form.get("vote"));
        if (vote === undefined) return { vote: `Vote: expected ${VOTES.join(", ")}, found nothing of these` };
        const reason = typed(form, "reason");
        const ballot = { address: decisionOn(view), vote, ...(reason === undefined ? {} : { reason }) };
        await context.vote({ ...ballot, ...passphraseOf(form) }, { signal });
        return `${patchHref(address)}&done=review`;
      },
    });
  });

  app.post("/patches/submit", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const address = concreteKey(form.get("address"));
    return await takeForm(visit, form, {
      purpose: `patch submit ${address}`,
      again: (filled) => patchPage(visit, parts, address, filled),
      act: async ({ signal }) => {
        await submitPatch({ client, ucxi: context }, await patchAt(context, address, signal), signal);
        return `${patchHref(address)}&done=submit`;
      },
    });
  });
}

/** A vote is on what was shown, not on what was written over it meanwhile. */
function votePurpose({ address, version }: PatchView): string {
  return `patch review ${address} ${version.revision ?? ""}`;
}

async function patchPage(
  visit: Visit,
  parts: PageParts,
  address: string,
  filled: Filled,
  said?: string,
): Promise<Response> {
  const { context, isObserver } = parts;
  const { signal } = visit.req.raw;
  const view = await patchAt(context, address, signal);
  const changed = await patchDifference(context, view, signal).catch((error) => refusalOf(error).message);
  const { forms } = visit.var.session;
  const canVote = view.state === "open" && !isObserver;
  return await fullPage(
    visit,
    parts,
    { title: "Patch", section: "Patches", status: filled.status ?? 200 },
    <PatchPage
      view={view}
      changed={changed}
      at={momentOf(parts)}
      forms={{
        vote: canVote ? forms.issue(votePurpose(view)) : undefined,
        submit: view.state === "approved" && !isObserver ? forms.issue(`patch submit ${view.address}`) : undefined,
        isLocked: canVote && await takesPassphrase(visit, parts, false),
      }}
      filled={filled}
      said={said}
    />,
  );
}

async function newPatchPage(visit: Visit, parts: PageParts, address: string, filled: Filled): Promise<Response> {
  const target = await readEditable(parts.context, address, visit.req.raw.signal);
  return await fullPage(
    visit,
    parts,
    { title: "Offer a change", section: "Patches", status: filled.status ?? 200 },
    parts.isObserver ? <p>This page was opened to look only.</p> : (
      <NewPatchPage
        target={target}
        kinds={PATCH_KINDS}
        form={visit.var.session.forms.issue(`patch new ${target.address}`)}
        filled={filled}
      />
    ),
  );
}
