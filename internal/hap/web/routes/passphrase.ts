import type { Visit } from "@bzzz/web";
import type { PageParts } from "../page.tsx";

/** As it was typed: no space of it is taken away. */
export function passphraseOf(form: URLSearchParams): { readonly passphrase?: string } {
  const passphrase = form.get("passphrase");
  return passphrase ? { passphrase } : {};
}

/** Whether a decision takes the passphrase of the person's key now. */
export async function takesPassphrase(visit: Visit, { client }: PageParts, isHigh: boolean): Promise<boolean> {
  const { state } = await client.identity.show({ signal: visit.req.raw.signal });
  return state === "locked" || (state === "unlocked" && isHigh);
}
