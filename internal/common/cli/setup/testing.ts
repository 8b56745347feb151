import type { SetupFacts, SetupHooks } from "../mod.ts";

/** What a setup needs of a machine, in memory; `taken` are ports of other programs. */
export class FakeSetupDesk implements SetupHooks {
  readonly #facts: SetupFacts;
  readonly files = new Map<string, string>();
  /** Of the mesh it belongs to, from now on. */
  member: SetupFacts["member"];
  progress: string | undefined;
  taken: number[] = [];

  constructor(facts: SetupFacts) {
    this.#facts = facts;
    this.member = facts.member;
  }

  facts(): Promise<SetupFacts> {
    const { member: _before, ...facts } = this.#facts;
    return Promise.resolve(this.member ? { ...facts, member: this.member } : facts);
  }

  takenPorts(_globals: unknown, ports: readonly number[]): Promise<readonly number[]> {
    return Promise.resolve(ports.filter((port) => this.taken.includes(port)));
  }

  readAnswers(file: string): Promise<string> {
    return Promise.resolve(this.files.get(file) ?? "");
  }

  loadProgress(): Promise<string | undefined> {
    return Promise.resolve(this.progress);
  }

  saveProgress(_globals: unknown, text: string | undefined): Promise<void> {
    this.progress = text;
    return Promise.resolve();
  }

  planConfig(_globals: unknown, settings: Readonly<Record<string, unknown>>): ReturnType<SetupHooks["planConfig"]> {
    const before = this.files.get("config.yaml");
    const after = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join("");
    return Promise.resolve({ path: "config.yaml", isThere: before !== undefined, before: before ?? "", after });
  }

  writeConfig(_globals: unknown, text: string): Promise<void> {
    this.files.set("config.yaml", text);
    return Promise.resolve();
  }
}
