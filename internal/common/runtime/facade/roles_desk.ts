import type { DefineRolesInput, ExportedKeysView, RoleKeyView, RolesFacade, RoleView } from "@bzzz/api";
import type { Clock } from "@bzzz/base";
import { ageIdentityText, builtinLevel } from "@bzzz/crypto";
import type { LocalIdentity } from "../agent.ts";
import { exportedKeyPath, writePrivateFile } from "../home.ts";
import type { RoleKeyStatus, RoleService } from "../roles/role_service.ts";

/** What the desk stands on. */
export interface RolesDeskDeps {
  readonly service: RoleService;
  readonly local: LocalIdentity;
  readonly clock: Pick<Clock, "nowMs">;
  /** The data directory. */
  readonly home: string;
}

/** The roles of the running node, as its API sees them. */
export class RolesDesk implements RolesFacade {
  readonly #deps: RolesDeskDeps;

  constructor(deps: RolesDeskDeps) {
    this.#deps = deps;
  }

  list(): Promise<readonly RoleView[]> {
    const { service, local, clock } = this.#deps;
    const roles = service.directory.roles();
    const members = Map.groupBy(local.membership.members(clock.nowMs()), (member) => member.role);
    return Promise.resolve(
      roles.all().map((role) => ({
        name: role.name,
        level: role.level,
        is_builtin: builtinLevel(role.name) !== undefined,
        reads: roles.all().map(({ name }) => name).filter((name) => roles.reads(role.name, name)),
        can_decrypt: [...role.canDecrypt],
        capabilities: [...role.capabilities],
        ...(role.specialization === undefined ? {} : { specialization: role.specialization }),
        ...(role.promptTemplate === undefined ? {} : { prompt_template: role.promptTemplate }),
        members: members.get(role.name)?.length ?? 0,
      })),
    );
  }

  async define({ roles }: DefineRolesInput): Promise<readonly RoleView[]> {
    await this.#deps.service.define(roles.map((role) => ({
      name: role.name,
      level: role.level,
      canDecrypt: role.can_decrypt,
      capabilities: role.capabilities,
      ...(role.specialization === undefined ? {} : { specialization: role.specialization }),
      ...(role.prompt_template === undefined ? {} : { promptTemplate: role.prompt_template }),
    })));
    return await this.list();
  }

  keys(): Promise<readonly RoleKeyView[]> {
    return Promise.resolve(this.#deps.service.keys().map(keyView));
  }

  async rotateKey(role: string): Promise<RoleKeyView> {
    return keyView(await this.#deps.service.rotate(role));
  }

  async exportKeys(role: string): Promise<ExportedKeysView> {
    const exported = await this.#deps.service.exportKeys(role);
    // its keys exist, so the name is one of a role and fit for a file
    const path = exportedKeyPath(this.#deps.home, role);
    const lines = exported.flatMap(({ key, secret }) => [
      `# role ${key.role}, generation ${key.generation}`,
      `# public key: ${key.recipient}`,
      ageIdentityText(secret),
    ]);
    for (const { secret } of exported) secret.fill(0);
    await writePrivateFile(path, `${lines.join("\n")}\n`);
    return { role, generations: exported.map(({ key }) => key.generation), path };
  }
}

function keyView(key: RoleKeyStatus): RoleKeyView {
  return {
    role: key.role,
    generation: key.generation,
    recipient: key.recipient,
    is_current: key.isCurrent,
    is_held: key.isHeld,
    holders: key.holders,
    is_exposed: key.isExposed,
  };
}
