/**
 * What a forger with access to the disk would do.
 *
 * @module
 */

/** Copies a data directory and alters the last digit of `text` wherever its database holds that. */
export async function alterJournal(options: { from: string; to: string; text: string }): Promise<void> {
  await copyFolder(options.from, options.to);
  const path = `${options.to}/journal.db`;
  const bytes = await Deno.readFile(path);
  const wanted = new TextEncoder().encode(options.text);
  const digit = wanted.findLastIndex((byte) => byte >= 0x30 && byte <= 0x39);
  let found = 0;
  for (let at = indexOf(bytes, wanted, 0); at >= 0; at = indexOf(bytes, wanted, at + 1)) {
    bytes[at + digit] = bytes[at + digit] === 0x30 ? 0x31 : 0x30;
    found++;
  }
  if (found === 0) throw new Error(`The database of ${options.from} does not hold "${options.text}"`);
  await Deno.writeFile(path, bytes);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0, from); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o700 });
  for await (const entry of Deno.readDir(from)) {
    if (entry.isDirectory) await copyFolder(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else if (entry.isFile) await Deno.copyFile(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}
