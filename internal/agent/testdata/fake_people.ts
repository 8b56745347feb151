// What the nodes of a mesh in memory know of people, for tests of agents.
import { judgeAnswer, PersonBook, type PersonId, type PersonRecord, proofFault } from "@bzzz/agentid";
import { type PeerId, TypedEventTarget } from "@bzzz/base";
import { TestAuthor } from "@bzzz/wire/testing";
import type { NodeSurroundings } from "./fake_node.ts";
import type { PeopleSource } from "../work_book.ts";

/** A book of people's records that every node has at once. */
export class FakePeople implements PeopleSource {
  readonly book = new PersonBook(new TestAuthor(1).mesh);
  readonly events: TypedEventTarget<{ "person:changed": { readonly person: PersonId } }> = new TypedEventTarget();
  readonly #mesh: Pick<NodeSurroundings, "clock" | "grantOf">;

  constructor(mesh: Pick<NodeSurroundings, "clock" | "grantOf">) {
    this.#mesh = mesh;
  }

  readonly proofOf: PeopleSource["proofOf"] = ({ author, seq, hlc, authority, body }) => {
    const judged = judgeAnswer(this.book, { mesh: this.book.mesh, author, seq, hlcMs: hlc.ms, grant: authority, body });
    return judged.ok ? judged.proof : undefined;
  };

  readonly isStanding: PeopleSource["isStanding"] = ({ author, human }) => {
    const nowMs = this.#mesh.clock.nowMs();
    const grant = this.#mesh.grantOf(author, nowMs);
    return human !== undefined && proofFault(this.book, human, { grant, nowMs }) === undefined;
  };

  isAbout(): boolean {
    return true;
  }

  /** Takes what a root key signed. */
  add({ bytes, person }: PersonRecord, author: PeerId): void {
    this.book.add(bytes, author);
    this.events.emit("person:changed", { person });
  }
}
