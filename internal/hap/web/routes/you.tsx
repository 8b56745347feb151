import { type PageApp, refusalOf, typed, USED_FORM, type Visit } from "@bzzz/web";
import { fullPage, justDone, momentOf, type PageParts, readForm } from "../page.tsx";
import { PRESENCES, YouPage } from "../views/you.tsx";

const SAID: Readonly<Record<string, string>> = {
  presence: "Everybody knows now.",
  unlock: "Your key is open for a while.",
  lock: "Your key is locked.",
  admit: "Admitted: what that person signs counts from now on.",
};

/** The page of the person: presence, key, people, node. */
export function addYouRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;

  app.get("/you", async (visit) => {
    const said = justDone(visit, SAID);
    return await youPage(visit, parts, said === undefined ? {} : { said });
  });

  /** What a form leads to: the name of what was done, or what is wrong with the form. */
  const add = (
    name: "presence" | "key" | "admit",
    act: (form: URLSearchParams, options: { readonly signal: AbortSignal }) => Promise<string | { problem: string }>,
  ) => {
    app.post(`/you/${name}`, async (visit) => {
      const form = await readForm(visit.req.raw, parts);
      if (visit.var.session.forms.take(form.get("form") ?? "", `you ${name}`) !== "fresh") {
        return await youPage(visit, parts, { problem: USED_FORM, status: 409 });
      }
      try {
        const done = await act(form, { signal: visit.req.raw.signal });
        if (typeof done === "string") return visit.redirect(`/you?done=${done}`, 303);
        return await youPage(visit, parts, { ...done, status: 422 });
      } catch (error) {
        const { message, status } = refusalOf(error);
        return await youPage(visit, parts, { problem: message, status });
      }
    });
  };

  add("presence", async (form, options) => {
    const known = PRESENCES.find(({ person }) => person === form.get("person"));
    if (!known) return { problem: "Nothing was done: no button was pressed." };
    await client.setPerson(known.person, options);
    return "presence";
  });

  add("key", async (form, options) => {
    if (form.get("act") === "lock") {
      await client.identity.lock(options);
      return "lock";
    }
    const passphrase = form.get("passphrase") ?? "";
    if (passphrase === "") return { problem: "Nothing was done: the passphrase is missing." };
    await client.identity.unlock(passphrase, options);
    return "unlock";
  });

  add("admit", async (form, options) => {
    const [portal, words] = [typed(form, "portal")?.replace(/^@/, ""), typed(form, "words")];
    if (portal === undefined || words === undefined) {
      return { problem: "Nothing was done: name the portal, and its words." };
    }
    await client.identity.admit(portal, words, options);
    return "admit";
  });
}

async function youPage(
  visit: Visit,
  parts: PageParts,
  options: { readonly problem?: string; readonly said?: string; readonly status?: number },
): Promise<Response> {
  const { client, isObserver } = parts;
  const call = { signal: visit.req.raw.signal };
  const [identity, people, status, agents] = await Promise.all([
    client.identity.show(call),
    client.identity.people(call),
    client.status(call),
    client.agents(call),
  ]);
  const { forms } = visit.var.session;
  const issued = {
    presence: forms.issue("you presence"),
    key: forms.issue("you key"),
    admit: forms.issue("you admit"),
  };
  return await fullPage(
    visit,
    parts,
    { title: "You", section: "You", status: options.status ?? 200 },
    <YouPage
      {...{ identity, people, status, at: momentOf(parts), problem: options.problem, said: options.said }}
      presence={agents.find(({ peer_id }) => peer_id === status.node.peer_id)?.person}
      forms={isObserver ? undefined : issued}
    />,
  );
}
