import { type CallOptions, type HttpCaller, path } from "@bzzz/http";
import { z } from "zod";
import { PartCaller } from "./part_caller.ts";
import type {
  IdentityView,
  passphraseChangeSchema,
  PersonView,
  revokeDeviceSchema,
  rootUseSchema,
} from "./person_views.ts";

type Views = typeof import("./person_views.ts");

/** The person of a node and those of the mesh; see `ApiClient`, of which it is a part. */
export class IdentityClient {
  readonly #part: PartCaller<Views>;

  constructor(caller: Pick<HttpCaller, "call">) {
    this.#part = new PartCaller<Views>(caller, () => import("./person_views.ts"));
  }

  show(options: CallOptions = {}): Promise<IdentityView> {
    return this.#part.call("GET", "/identity", (views) => views.identityViewSchema, options);
  }

  unlock(passphrase: string, options: CallOptions = {}): Promise<IdentityView> {
    return this.#post("/identity/unlock", { passphrase }, options);
  }

  lock(options: CallOptions = {}): Promise<IdentityView> {
    return this.#part.call("POST", "/identity/lock", (views) => views.identityViewSchema, options);
  }

  changePassphrase(input: z.input<typeof passphraseChangeSchema>, options: CallOptions = {}): Promise<IdentityView> {
    return this.#post("/identity/passphrase", input, options);
  }

  rotate(input: z.input<typeof rootUseSchema>, options: CallOptions = {}): Promise<IdentityView> {
    return this.#post("/identity/rotate", input, options);
  }

  renew(input: z.input<typeof rootUseSchema>, options: CallOptions = {}): Promise<IdentityView> {
    return this.#post("/identity/renew", input, options);
  }

  revokeDevice(input: z.input<typeof revokeDeviceSchema>, options: CallOptions = {}): Promise<IdentityView> {
    return this.#post("/identity/devices/revoke", input, options);
  }

  async people(options: CallOptions = {}): Promise<readonly PersonView[]> {
    const pick = (views: Views) => z.object({ items: z.array(views.personViewSchema) });
    return (await this.#part.call("GET", "/people", pick, options)).items;
  }

  admit(member: string, words: string, options: CallOptions = {}): Promise<PersonView> {
    const pick = (views: Views) => views.personViewSchema;
    return this.#part.call("POST", path`/people/${member}/admit`, pick, { ...options, body: { words } });
  }

  #post(route: string, body: object, options: CallOptions): Promise<IdentityView> {
    return this.#part.call("POST", route, (views) => views.identityViewSchema, { ...options, body });
  }
}
