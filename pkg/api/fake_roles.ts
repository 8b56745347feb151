import { ApiError } from "@bzzz/http";
import type { RolesFacade } from "./facade.ts";
import type { DefineRolesInput, RoleKeyView, RoleView } from "./role_views.ts";

/** `RolesFacade` over lists, as an admin sees it. */
export class FakeRoles implements RolesFacade {
  readonly roleList: RoleView[] = [{
    name: "admin",
    level: "master",
    is_builtin: true,
    reads: ["admin", "developer"],
    can_decrypt: [],
    capabilities: [],
    members: 1,
  }];
  readonly keyList: RoleKeyView[] = [];

  list(): Promise<readonly RoleView[]> {
    return Promise.resolve(this.roleList);
  }

  define({ roles }: DefineRolesInput): Promise<readonly RoleView[]> {
    this.roleList.splice(
      1,
      Infinity,
      ...roles.map((role) => ({ ...role, is_builtin: false, reads: [role.name], members: 0 })),
    );
    return this.list();
  }

  keys(): Promise<readonly RoleKeyView[]> {
    return Promise.resolve(this.keyList);
  }

  rotateKey(role: string): Promise<RoleKeyView> {
    this.#find(role);
    const generation = this.keyList.filter((key) => key.role === role).length + 1;
    const key = {
      role,
      generation,
      recipient: `age1of${role}${generation}`,
      is_held: true,
      holders: 1,
      is_exposed: false,
    };
    this.keyList.forEach((other, i) => {
      if (other.role === role) this.keyList[i] = { ...other, is_current: false };
    });
    this.keyList.unshift({ ...key, is_current: true });
    return Promise.resolve({ ...key, is_current: true });
  }

  exportKeys(role: string): Promise<{ role: string; generations: number[]; path: string }> {
    this.#find(role);
    return Promise.resolve({ role, generations: [1], path: `/data/exports/${role}.agekey` });
  }

  #find(role: string): RoleView {
    const found = this.roleList.find(({ name }) => name === role);
    if (!found) throw new ApiError("not_found", `Cannot find role "${role}"`);
    return found;
  }
}
