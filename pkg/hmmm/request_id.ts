import type { PeerId, RequestId } from "@bzzz/base";
import { bindUlid, isUlidOf } from "@bzzz/crypto";

const DOMAIN = "bzzz/request-author/1";

/**
 * The id `asker` uses for a request, of an id that anybody may know or work out. Another member could open a request
 * under it first, with an addressee of its choice; its request gives way to that of the peer whose id it is.
 */
export function bindRequestId(id: RequestId, asker: PeerId): RequestId {
  return bindUlid(id, DOMAIN, asker) as RequestId; // still a ULID
}

/** Whether `requestId` was bound to `asker`. */
export function carriesAsker(requestId: RequestId, asker: PeerId): boolean {
  return isUlidOf(requestId, DOMAIN, asker);
}
