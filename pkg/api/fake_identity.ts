import { ApiError } from "@bzzz/http";
import type { IdentityFacade } from "./facade.ts";
import type { AnswerInput } from "./inputs.ts";
import type { IdentityView, PersonView } from "./person_views.ts";
import type { RequestRecord } from "./views.ts";

/** `IdentityFacade` of a person whose key has no passphrase until it gets one; then it is "correct horse". */
export class FakeIdentity implements IdentityFacade {
  view: IdentityView = {
    state: "open",
    person: "ab".repeat(32),
    words: "babab babab babab babab babab babab",
    is_admitted: true,
    has_root: true,
    devices: [{ peer_id: "12D3KooWMe", agent_id: "ana", is_self: true, valid_until_ms: 4_000_000_000_000 }],
  };
  readonly passphrase = "correct horse";
  /** What was done, in order. */
  readonly done: string[] = [];

  /** What a node does before it takes a decision. @throws ApiError "identity_locked" */
  sign({ stakes }: Pick<RequestRecord, "stakes">, { decision, passphrase }: AnswerInput): void {
    if (decision === "deny" || this.view.state === "open") return;
    if (passphrase === this.passphrase) {
      this.view = { ...this.view, state: "unlocked" };
      return;
    }
    if (passphrase !== undefined) {
      throw new ApiError("identity_locked", "Cannot open your key: the passphrase is wrong");
    }
    if (this.view.state === "unlocked" && stakes !== "high") return;
    throw new ApiError("identity_locked", "Cannot sign: your key is locked");
  }

  show(): Promise<IdentityView> {
    return Promise.resolve(this.view);
  }

  unlock(passphrase: string): Promise<IdentityView> {
    if (passphrase !== this.passphrase) {
      throw new ApiError("identity_locked", "Cannot open your key: the passphrase is wrong");
    }
    return this.#as({ ...this.view, state: "unlocked", unlocked_until_ms: 4_000_000_000_000 }, "unlock");
  }

  lock(): Promise<IdentityView> {
    const { unlocked_until_ms: _, ...view } = this.view;
    return this.#as({ ...view, state: "locked" }, "lock");
  }

  changePassphrase({ next }: { readonly next?: string | undefined }): Promise<IdentityView> {
    return this.#as({ ...this.view, state: next === undefined ? "open" : "locked" }, "passphrase");
  }

  rotate(input: { readonly passphrase?: string | undefined }): Promise<IdentityView> {
    return this.#withRoot(input, "rotate");
  }

  renew(input: { readonly passphrase?: string | undefined }): Promise<IdentityView> {
    return this.#withRoot(input, "renew");
  }

  revokeDevice(input: { readonly device: string; readonly passphrase?: string | undefined }): Promise<IdentityView> {
    return this.#withRoot(input, `revoke ${input.device}`);
  }

  people(): Promise<readonly PersonView[]> {
    const { person = "", words = "" } = this.view;
    return Promise.resolve([{ peer_id: "12D3KooWMe", agent_id: "ana", state: "announced", person, words }]);
  }

  async admit(member: string, words: string): Promise<PersonView> {
    const [known] = await this.people();
    if (!known || words !== known.words) {
      throw new ApiError("invalid_request", `Cannot admit the person of "${member}"`);
    }
    this.done.push(`admit ${member}`);
    return { ...known, state: "admitted" };
  }

  #withRoot({ passphrase }: { readonly passphrase?: string | undefined }, what: string): Promise<IdentityView> {
    const isLocked = this.view.state === "locked" || this.view.state === "unlocked";
    if (isLocked && passphrase !== this.passphrase) throw new ApiError("identity_locked", "Cannot use your root key");
    return this.#as(this.view, what);
  }

  #as(view: IdentityView, what: string): Promise<IdentityView> {
    this.view = view;
    this.done.push(what);
    return Promise.resolve(view);
  }
}
