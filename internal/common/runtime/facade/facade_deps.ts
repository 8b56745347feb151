import type { PersonPresence } from "@bzzz/api";
import type { Clock, Random } from "@bzzz/base";
import type { Config } from "@bzzz/config";
import type { TaskRegister } from "@bzzz/coordinator";
import type { ElectionManager } from "@bzzz/election";
import type { HealthManager } from "@bzzz/health";
import type { Journal } from "@bzzz/journal";
import type { P2pNode } from "@bzzz/p2p";
import type { RegisterNode } from "@bzzz/register";
import type { PresenceRecord, PresenceService } from "@bzzz/presence";
import type { LocalIdentity } from "../agent.ts";
import type { People } from "../people/people.ts";
import type { PersonKeys } from "../people/person_keys.ts";
import type { MeshReadModel } from "../read_model.ts";
import type { RoleService } from "../roles/role_service.ts";
import type { TrustService } from "../trust.ts";
import type { SlurpSource } from "./slurp_desk.ts";

/** What the facade stands on. */
export interface FacadeDeps {
  readonly local: LocalIdentity;
  readonly config: Config;
  readonly version: string;
  readonly isInsecure: boolean;
  readonly startedAtMs: number;
  readonly journal: Journal;
  readonly readModel: MeshReadModel;
  readonly people: People;
  /** The key of this node's person. */
  readonly person: PersonKeys;
  readonly register: TaskRegister;
  readonly trust: TrustService;
  readonly roles: RoleService;
  readonly registers: RegisterNode;
  /** The data directory. */
  readonly home: string;
  readonly node: P2pNode;
  readonly presence: PresenceService;
  readonly health: HealthManager;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "sleep">;
  readonly election: Pick<ElectionManager, "view" | "ranking" | "order" | "events">;
  readonly slurp: SlurpSource;
  readonly random: Random;
  /** What this node says about itself now. */
  readonly describeSelf: () => PresenceRecord["body"];
  /** What its person says of themselves, for the next presence. */
  readonly setPerson: (person: PersonPresence) => void;
  /** Asks the program to end in good order. */
  readonly requestStop: (reason: string) => void;
}
