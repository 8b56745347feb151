import type { MeshId, PeerId, Random } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import { signGenesis, storeGenesis, takeSeat } from "@bzzz/register";
import type { Store } from "@bzzz/store";

/**
 * Makes a node the first voter of a mesh: the root says so, and the node's database holds the seat. The record, which every
 * member learns from it.
 */
export function foundVoters(
  deps: { readonly store: Store; readonly random: Random },
  mesh: { readonly meshId: MeshId; readonly rootKey: SigningKey; readonly founder: PeerId },
): Uint8Array {
  const { store, random } = deps;
  return store.transaction(() => {
    const seat = takeSeat(store, random);
    const record = signGenesis(mesh.rootKey, mesh.meshId, { peer: mesh.founder, seat });
    storeGenesis(store.kv, record);
    return record;
  });
}
