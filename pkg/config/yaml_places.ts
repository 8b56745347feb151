import { pathText } from "./keys.ts";

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where the values and the names of keys of a file stand, by path. */
export class Places {
  readonly values = new Map<string, Position>();
  readonly keys = new Map<string, Position>();

  /** Place of the value at a path; of the nearest thing around it when there is none. */
  positionOf(path: readonly PropertyKey[]): Position {
    for (let length = path.length; length > 0; length--) {
      const key = pathText(path.slice(0, length));
      const found = (length === path.length ? this.values.get(key) : undefined) ?? this.keys.get(key) ??
        this.values.get(key);
      if (found !== undefined) return found;
    }
    return this.values.get("") ?? { line: 1, column: 1 };
  }

  /** Place of the name of a key. */
  keyPositionOf(path: readonly PropertyKey[]): Position {
    return this.keys.get(pathText(path)) ?? this.positionOf(path);
  }
}
