/** The roles of a grant. They are defined beside the matrix that judges them, in `@bzzz/crypto`. */
export {
  AUTHORITY_LEVELS,
  type AuthorityLevel,
  BINARY_TYPES,
  type BinaryType,
  BUILTIN_ROLES,
  builtinLevel,
  levelAtLeast,
  parseRole,
  type Role,
} from "@bzzz/crypto";
