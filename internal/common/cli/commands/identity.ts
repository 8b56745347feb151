import type { IdentityView } from "@bzzz/api";
import { CliError, usageError } from "../errors.ts";
import { EXIT, type ExitStatus } from "../exit.ts";
import { describeIdentity } from "../render_key.ts";
import { sanitiseLine } from "../sanitise.ts";
import { sheetLines } from "../setup/check_sheet.ts";
import type { Command, CommandContext, FlagSpec } from "../types.ts";
import { secretFor, withPassphrase } from "./passphrase.ts";

const show: Command = {
  name: "identity show",
  group: "people",
  summary: "Whose portal this is, whether their key is open, and their devices",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const view = await (await context.client()).identity.show({ signal: context.signal });
    return await tell(context, view);
  },
};

const unlock: Command = {
  name: "identity unlock",
  group: "people",
  summary: "Open your key for a while, to decide without typing its passphrase each time",
  details:
    "For person.unlock_seconds, ten minutes unless set, or until it has signed nothing for person.idle_lock_seconds. High " +
    "stakes take the passphrase each time all the same.",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const passphrase = await secretFor(context, "Passphrase of your key: ");
    return await tell(context, await (await context.client()).identity.unlock(passphrase, { signal: context.signal }));
  },
};

const lock: Command = {
  name: "identity lock",
  group: "people",
  summary: "Close your key before its time is over",
  needs: "node",
  isInPortal: true,
  async run(context) {
    return await tell(context, await (await context.client()).identity.lock({ signal: context.signal }));
  },
};

const passphrase: Command = {
  name: "identity passphrase",
  group: "people",
  summary: "Give your keys a passphrase, or another one",
  details:
    "Asked for twice on the terminal; keys without one take it from --passphrase-file, too. --none takes it off: then every " +
    "program of this user can decide for you.",
  flags: [{ name: "none", type: "boolean", summary: "No passphrase from now on" }],
  needs: "node",
  async run(context) {
    const client = await context.client();
    const { state } = await client.identity.show({ signal: context.signal });
    const isLocked = state === "locked" || state === "unlocked";
    const hasFile = context.globals.passphraseFile !== undefined;
    if (hasFile && !isLocked && !context.values.has("none")) {
      const next = await context.hooks().readPassphrase(context.globals);
      return await tell(context, await client.identity.changePassphrase({ next: assertLong(next) }));
    }
    if (!context.ask) throw usageError("Cannot change the passphrase here: run it on a terminal");
    const old = isLocked ? { old: await askSecret(context, "The passphrase so far: ") } : {};
    const next = context.values.has("none") ? {} : { next: await newSecret(context) };
    return await tell(context, await client.identity.changePassphrase({ ...old, ...next }, { signal: context.signal }));
  },
};

/** As `MIN_PASSPHRASE_CHARACTERS` of the runtime, which the person's first passphrase had to have. */
const MIN_CHARACTERS = 8;

async function newSecret(context: CommandContext): Promise<string> {
  const first = assertLong(await askSecret(context, "New passphrase for your keys: "));
  if (await askSecret(context, "The same again: ") === first) return first;
  throw usageError("Cannot change the passphrase: the two did not match");
}

function assertLong(passphrase: string): string {
  if ([...passphrase].length >= MIN_CHARACTERS) return passphrase;
  throw usageError(`Cannot use that passphrase: it has fewer than ${MIN_CHARACTERS} characters`);
}

async function askSecret(context: CommandContext, question: string): Promise<string> {
  const text = await context.ask?.(question, { isSecret: true });
  if (text) return text;
  throw new CliError("cancelled", "Nothing was changed: no passphrase was given");
}

const rotate: Command = {
  name: "identity rotate",
  group: "people",
  summary: "Replace the key behind your devices, for one that may be known to others",
  details:
    "Signs with the old key that a new one follows, and certifies this device with it. What your other devices decided stays, " +
    "and they decide no more until they have the new key: identity export here, identity restore there.",
  needs: "node",
  async run(context) {
    const { identity } = await context.client();
    const view = await withPassphrase(context, (given) => identity.rotate(given, { signal: context.signal }));
    await context.note("Export the new key and keep the sheet: the old one restores nothing any more.");
    return await tell(context, view);
  },
};

const renew: Command = {
  name: "identity renew",
  group: "people",
  summary: "Certify this device anew, for a year",
  needs: "node",
  async run(context) {
    const { identity } = await context.client();
    return await tell(
      context,
      await withPassphrase(context, (given) => identity.renew(given, { signal: context.signal })),
    );
  },
};

const revoke: Command = {
  name: "identity revoke",
  group: "people",
  summary: "End one of your devices: from now on it decides nothing for you",
  details: "What it decided before stays. An admin revokes its membership with revoke.",
  args: [{ name: "device", summary: "Its agent id or peer id, from identity show", isRequired: true }],
  flags: [{ name: "reason", type: "string", value: "TEXT", summary: "Why; everybody reads it" }],
  needs: "node",
  async run(context) {
    const { identity } = await context.client();
    const input = { device: context.values.required("device"), reason: context.values.text("reason") ?? "" };
    const view = await withPassphrase(
      context,
      (given) => identity.revokeDevice({ ...input, ...given }, { signal: context.signal }),
    );
    return await tell(context, view);
  },
};

const verify: Command = {
  name: "verify",
  group: "people",
  summary: "Compare the six words of a person, and admit them",
  details:
    "Without --words it shows the words of the key that a portal shows: have the person read theirs (identity show) over the " +
    "telephone. An admin who gives the words they heard admits the person: what they sign counts from then on.",
  args: [{ name: "portal", summary: "Agent id or peer id of the portal; left out: all of them" }],
  flags: [{ name: "words", type: "string", value: "WORDS", summary: "The six words, as the person says them" }],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { identity } = await context.client();
    const portal = context.values.text("portal")?.replace(/^@/, "");
    const words = context.values.text("words");
    if (words !== undefined) {
      if (portal === undefined) throw usageError("Cannot admit with --words: name the portal");
      const admitted = await identity.admit(portal, words, { signal: context.signal });
      await context.out.item(admitted, () => `Admitted: ${sanitiseLine(admitted.agent_id)} is ${admitted.words}`);
      return EXIT.ok;
    }
    const people = (await identity.people({ signal: context.signal }))
      .filter(({ agent_id, peer_id }) => portal === undefined || agent_id === portal || peer_id === portal);
    if (portal !== undefined && people.length === 0) {
      throw new CliError("not_found", `Cannot find "${sanitiseLine(portal)}": no portal has that name`);
    }
    await context.out.list(people, {
      heading: ["PORTAL", "STATE", "WORDS"],
      row: (one) => [
        sanitiseLine(one.agent_id),
        one.state === "changed" ? "CHANGED: ask them why" : one.state,
        one.words ?? "",
      ],
      empty: "No portals.",
    });
    return EXIT.ok;
  },
};

const create: Command = {
  name: "identity create",
  group: "people",
  summary: "Make the keys of this portal's person, where it was set up before there were such",
  details:
    "At the next start the mesh sees the key; an admin admits it with verify. A key that is there already is kept.",
  needs: "data_dir",
  async run(context) {
    const person = await context.hooks().createPerson(context.globals);
    await context.out.item(person, () => `Your key, in six words: ${person.words}`);
    return EXIT.ok;
  },
};

const SHARES: readonly FlagSpec[] = [
  { name: "shares", type: "integer", value: "N", summary: "Shares to make (3)" },
  { name: "threshold", type: "integer", value: "K", summary: "Shares that are needed (2)" },
];

const exportKey: Command = {
  name: "identity export",
  group: "people",
  summary: "Print the recovery sheet of your key, in shares",
  details:
    "Any two of three shares make the key that certifies your devices. Keep them apart from this machine and from each other. " +
    "--remove takes the key off this machine then: it goes on deciding, but can neither certify, revoke nor rotate.",
  flags: [...SHARES, { name: "remove", type: "boolean", summary: "Take the key off this machine once it was printed" }],
  needs: "data_dir",
  async run(context) {
    const { values, globals } = context;
    const sheet = await context.hooks().exportPerson({
      globals,
      shares: values.integer("shares"),
      threshold: values.integer("threshold"),
      isRemoved: values.has("remove"),
    });
    await context.out.item(sheet, () => [...sheetLines(sheet)]);
    return EXIT.ok;
  },
};

const restore: Command = {
  name: "identity restore",
  group: "people",
  summary: "Put your key back from its shares, on this machine or on another device of yours",
  details:
    "Before join the new device becomes yours with the join. Where the mesh knows the portal as somebody else's already, an admin " +
    "admits you with verify. The node must not run.",
  flags: [{
    name: "shares-file",
    type: "string",
    value: "FILE",
    summary: 'Recovery shares, one a line; "-" is standard input',
  }],
  needs: "data_dir",
  async run(context) {
    const { values, globals } = context;
    const person = await context.hooks().restorePerson({ globals, sharesFile: values.text("shares-file") });
    await context.out.item(person, () => `Your key, in six words: ${person.words}`);
    return EXIT.ok;
  },
};

async function tell(context: CommandContext, view: IdentityView): Promise<ExitStatus> {
  await context.out.item(view, () => [...describeIdentity(view, context.format, context.clock.nowMs())]);
  return EXIT.ok;
}

/** A person's own keys, and whom the mesh takes for whom. */
export const IDENTITY_COMMANDS: readonly Command[] = [
  show,
  unlock,
  lock,
  passphrase,
  create,
  exportKey,
  restore,
  rotate,
  renew,
  revoke,
  verify,
];
