import { EXIT } from "../exit.ts";
import { describeEntry } from "../render_entry.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";

const journalShow: Command = {
  name: "journal show",
  group: "history",
  summary: "One entry with its signed frame",
  args: [{ name: "entry", summary: "Its id, 64 hexadecimal digits", isRequired: true }],
  needs: "node",
  async run(context) {
    const entry = await (await context.client()).entry(context.values.required("entry"), { signal: context.signal });
    await context.out.item(entry, () => [
      `[${context.format.date(entry.hlc.ms)}] ${describeEntry(entry)}`,
      `Id: ${entry.id}`,
      `Kind: ${sanitiseLine(entry.kind)} in ${sanitiseLine(entry.topic)}`,
      `Author: ${sanitiseLine(entry.author.peer_id)}, number ${entry.seq}`,
      `Before it: ${entry.prev ?? "nothing"}`,
      `Frame: ${entry.frame}`,
    ]);
    return EXIT.ok;
  },
};

const auditVerify: Command = {
  name: "audit verify",
  aliases: ["journal verify"],
  group: "history",
  summary: "Verify every signature and chain of the journal on disk",
  needs: "data_dir",
  async run(context) {
    await using journal = await context.hooks().openJournalReadOnly(context.globals);
    const report = await journal.verify({ signal: context.signal });
    await context.out.item(report, () => [
      `${report.entries} entries of ${report.authors} authors, ${report.pruned} without content: ${
        report.problems.length === 0
          ? "all verified"
          : `${report.problems.length} ${report.problems.length === 1 ? "problem" : "problems"}`
      }`,
      ...report.problems.map((one) =>
        `${sanitiseLine(one.author)} number ${one.seq}, ${one.entry_id}: ${sanitiseLine(one.problem)}`
      ),
    ]);
    return report.problems.length === 0 ? EXIT.ok : EXIT.failure;
  },
};

const auditExport: Command = {
  name: "audit export",
  aliases: ["journal export"],
  group: "history",
  summary: "Every entry with its signed frame, one JSON object a line",
  flags: [{ name: "after", type: "integer", value: "CURSOR", summary: "Begin behind this cursor" }],
  needs: "data_dir",
  async run(context) {
    await using journal = await context.hooks().openJournalReadOnly(context.globals);
    for await (const entry of journal.entries({ after: context.values.integer("after") ?? 0 })) {
      context.signal.throwIfAborted();
      await context.out.json(entry);
    }
    return EXIT.ok;
  },
};

/** The signed history. */
export const HISTORY_COMMANDS: readonly Command[] = [journalShow, auditVerify, auditExport];
