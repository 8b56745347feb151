import {
  areWordsOf,
  type DeviceCertificate,
  type Grant,
  personFaultText,
  type PersonId,
  personWords,
} from "@bzzz/agentid";
import type { IdentityFacade, IdentityView, PersonView, StatusView } from "@bzzz/api";
import { type Clock, parseAgentId, parsePeerId } from "@bzzz/base";
import type { LocalIdentity } from "../agent.ts";
import type { People } from "../people/people.ts";
import type { PersonKeys } from "../people/person_keys.ts";
import type { RootDesk } from "../people/root_desk.ts";
import type { TrustService } from "../trust.ts";
import { FacadeError } from "./queries.ts";

/** What the desk stands on. */
export interface IdentityDeskDeps {
  readonly local: LocalIdentity;
  readonly people: People;
  readonly person: PersonKeys;
  readonly root: RootDesk;
  readonly trust: Pick<TrustService, "admitPerson">;
  readonly clock: Pick<Clock, "nowMs">;
}

/** The person of this node with their keys and devices, and the people of the mesh. */
export class IdentityDesk implements IdentityFacade {
  readonly #deps: IdentityDeskDeps;

  constructor(deps: IdentityDeskDeps) {
    this.#deps = deps;
  }

  async show(): Promise<IdentityView> {
    const { person, people, local } = this.#deps;
    const state = await person.state();
    if (state.type === "none") return { state: "none", is_admitted: false, has_root: false, devices: [] };
    const { certificate, hasRoot } = state.files;
    const admitted = people.personOf(local.identity.peerId);
    const fault = admitted === undefined ? "no_person" : this.#faultOf(admitted, certificate);
    const known = people.book.devicesOf(people.book.originOf(certificate.person));
    const devices = known.some(({ id }) => id === certificate.id) ? known : [...known, certificate];
    return {
      state: state.type,
      ...(state.type === "unlocked" ? { unlocked_until_ms: Math.floor(state.untilMs) } : {}),
      person: certificate.person,
      words: personWords(certificate.person),
      is_admitted: fault === undefined,
      ...(fault ? { problem: personFaultText(fault) } : {}),
      has_root: hasRoot,
      devices: devices.map((device) => this.#deviceView(device)),
    };
  }

  /** Whether the key can be used now, and until when it can if nobody does. */
  async keyState(): Promise<NonNullable<StatusView["person_key"]>> {
    const state = await this.#deps.person.state();
    return {
      state: state.type,
      ...(state.type === "unlocked" ? { unlocked_until_ms: Math.floor(state.untilMs) } : {}),
    };
  }

  async unlock(passphrase: string): Promise<IdentityView> {
    await this.#deps.person.unlock(passphrase);
    return await this.show();
  }

  async lock(): Promise<IdentityView> {
    this.#deps.person.lock();
    return await this.show();
  }

  async changePassphrase({ old, next }: Parameters<IdentityFacade["changePassphrase"]>[0]): Promise<IdentityView> {
    await this.#deps.person.relock({ old, next });
    return await this.show();
  }

  async rotate({ passphrase }: Parameters<IdentityFacade["rotate"]>[0]): Promise<IdentityView> {
    await this.#deps.root.rotate(passphrase);
    return await this.show();
  }

  async renew({ passphrase }: Parameters<IdentityFacade["renew"]>[0]): Promise<IdentityView> {
    await this.#deps.root.renew(passphrase);
    return await this.show();
  }

  async revokeDevice(input: Parameters<IdentityFacade["revokeDevice"]>[0]): Promise<IdentityView> {
    const device = (await this.show()).devices.find(({ peer_id, agent_id }) =>
      peer_id === input.device || agent_id === input.device
    );
    const peer = device && parsePeerId(device.peer_id);
    if (!peer) throw new FacadeError("not_found", `Cannot revoke "${input.device}": it is no device of yours`);
    await this.#deps.root.revoke(peer, input.reason, input.passphrase);
    return await this.show();
  }

  people(): Promise<readonly PersonView[]> {
    const portals = this.#portals();
    return Promise.resolve(portals.map((grant) => this.#personView(grant)));
  }

  async admit(member: string, words: string): Promise<PersonView> {
    const agentId = parseAgentId(member);
    const grant = this.#portals().find((one) => one.peer === member || one.agentId === agentId);
    if (!grant) throw new FacadeError("not_found", `Cannot admit the person of "${member}": no portal has that name`);
    const shown = this.#shownBy(grant);
    if (!shown) {
      throw new FacadeError("not_found", `Cannot admit the person of "${grant.agentId}": it shows no person's key`);
    }
    if (!areWordsOf(shown, words)) {
      throw new FacadeError(
        "invalid_request",
        `Cannot admit the person of "${grant.agentId}": the words are not those of the key that it shows`,
      );
    }
    await this.#deps.person.assertNotLocked(`admit the person of "${grant.agentId}"`);
    await this.#deps.trust.admitPerson(grant.peer, shown);
    const now = this.#portals().find((one) => one.peer === grant.peer) ?? grant;
    return this.#personView(now);
  }

  #portals(): readonly Grant[] {
    const { local: { membership }, clock } = this.#deps;
    return membership.members(clock.nowMs())
      .filter(({ binaryType }) => binaryType === "hap")
      .flatMap(({ peer }) => membership.grantOf(peer, clock.nowMs()) ?? []);
  }

  /** The key that a portal shows of itself: of its newest certificate, or, where none is known, the admitted one. */
  #shownBy(grant: Grant): PersonId | undefined {
    return this.#deps.people.book.certificateOf(grant.peer)?.person ?? grant.person;
  }

  #personView(grant: Grant): PersonView {
    const { book } = this.#deps.people;
    const shown = this.#shownBy(grant);
    const isSame = shown !== undefined && grant.person !== undefined &&
      book.originOf(shown) === book.originOf(grant.person);
    const state = shown === undefined ? "none" : isSame ? "admitted" : grant.person ? "changed" : "announced";
    return {
      peer_id: grant.peer,
      agent_id: grant.agentId,
      state,
      ...(shown ? { person: shown, words: personWords(shown) } : {}),
    };
  }

  #deviceView(device: DeviceCertificate): IdentityView["devices"][number] {
    const { local: { membership, identity }, clock } = this.#deps;
    const grant = membership.grantOf(device.peer, clock.nowMs());
    const fault = grant?.person === undefined ? "no_person" : this.#faultOf(grant.person, device);
    return {
      peer_id: device.peer,
      ...(grant ? { agent_id: grant.agentId } : {}),
      is_self: device.peer === identity.peerId,
      valid_until_ms: device.notAfterMs,
      ...(fault ? { problem: personFaultText(fault) } : {}),
    };
  }

  #faultOf(person: PersonId, device: DeviceCertificate) {
    const { people, clock } = this.#deps;
    return people.book.deviceFault(person, device, { atMs: clock.nowMs() });
  }
}
