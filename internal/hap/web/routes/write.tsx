import { mediaTypeOf } from "@bzzz/cli";
import { utf8Encode } from "@bzzz/base";
import { type PageApp, typed, type Visit } from "@bzzz/web";
import { readEditable } from "../editable.ts";
import { fullPage, type PageParts, readForm } from "../page.tsx";
import { concreteAddress, concreteKey } from "../read_address.ts";
import { type Filled, takeForm } from "../take_form.ts";
import { WritePage } from "../views/write.tsx";
import { versionHref } from "../views/hrefs.ts";

/** Versions that a person writes, each over what they have read. */
export function addWriteRoutes(app: PageApp, parts: PageParts): void {
  const { context } = parts;

  app.get("/context/write", async (visit) => {
    return await writePage(visit, parts, concreteAddress(visit.req.query("address")), {});
  });

  app.post("/context/write", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const address = concreteKey(form.get("address"));
    return await takeForm(visit, form, {
      purpose: `write ${address}`,
      again: (filled) => writePage(visit, parts, address, { filled }),
      act: async ({ signal }) => {
        const content = (form.get("content") ?? "").replaceAll("\r\n", "\n");
        const audience = form.getAll("audience");
        const revision = form.get("revision") ?? "";
        await context.put(address, utf8Encode(content), {
          signal,
          mediaType: typed(form, "type") ?? mediaTypeOf(address, true),
          ...(audience.length === 0 ? {} : { audience }),
          ...(revision === "" ? { mustBeNew: true } : { ifMatch: revision }),
        });
        return `${versionHref(address)}&done=write`;
      },
    });
  });

  app.post("/context/delete", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const address = concreteKey(form.get("address"));
    return await takeForm(visit, form, {
      purpose: `delete ${address}`,
      again: (deletion) => writePage(visit, parts, address, { deletion }),
      act: async ({ signal }) => {
        if (!form.has("sure")) return { sure: "Delete: tick that it shall be deleted" };
        await context.remove(address, { signal, ifMatch: form.get("revision") ?? "" });
        return `${versionHref(address)}&done=delete`;
      },
    });
  });
}

async function writePage(
  visit: Visit,
  parts: PageParts,
  address: string,
  { filled = {}, deletion = {} }: { readonly filled?: Filled; readonly deletion?: Filled },
): Promise<Response> {
  const { client, context, isObserver } = parts;
  const options = { signal: visit.req.raw.signal };
  const [target, roles] = await Promise.all([readEditable(context, address, options.signal), client.roles(options)]);
  const { forms } = visit.var.session;
  return await fullPage(
    visit,
    parts,
    { title: "Write", section: "Context", status: filled.status ?? deletion.status ?? 200 },
    isObserver ? <p>This page was opened to look only.</p> : (
      <WritePage
        target={target}
        roles={roles}
        forms={{ write: forms.issue(`write ${target.address}`), remove: forms.issue(`delete ${target.address}`) }}
        filled={filled}
        deletion={deletion}
      />
    ),
  );
}
