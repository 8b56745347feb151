/**
 * A value that is made when it is asked for first, and kept. For what is expensive to make and often not needed at all:
 * schemas, patterns of Unicode properties. When `make` throws, nothing is kept, and the next call makes it again.
 */
export function once<T extends NonNullable<unknown>>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}
