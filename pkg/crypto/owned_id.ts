import { createUlid, type PeerId, utf8Encode } from "@bzzz/base";
import { domainMessage, sha256 } from "./hashing.ts";

/** A ULID: ten characters of the time, then these that stand for its owner, 40 bits; the other 40 are free. */
const TIME_CHARACTERS = 10;
const TAG_CHARACTERS = 8;
const TAG_END = TIME_CHARACTERS + TAG_CHARACTERS;

function tagOf(domain: string, owner: PeerId): string {
  const digest = sha256(domainMessage(domain, utf8Encode(owner)));
  return createUlid(0, { float: () => 0, bytes: (length) => digest.slice(0, length) }).slice(TIME_CHARACTERS, TAG_END);
}

/** `ulid` with the tag of `owner` in it: of several who claim one id, everybody can tell whose it is. */
export function bindUlid(ulid: string, domain: string, owner: PeerId): string {
  return ulid.slice(0, TIME_CHARACTERS) + tagOf(domain, owner) + ulid.slice(TAG_END);
}

/** Whether `ulid` carries the tag of `owner`. */
export function isUlidOf(ulid: string, domain: string, owner: PeerId): boolean {
  return ulid.slice(TIME_CHARACTERS, TAG_END) === tagOf(domain, owner);
}
