/** Replaced by the build; a run from source says so. */
const STAMPED_VERSION = "@BZZZ_VERSION@";
const STAMPED_COMMIT = "@BZZZ_COMMIT@";

/** The version of this program: "0.1.0", or "0.1.0-source" when it runs from source. */
export const VERSION: string = STAMPED_VERSION.startsWith("@") ? "0.1.0-source" : STAMPED_VERSION;
/** The commit it was built from; undefined when that is not known. */
export const COMMIT: string | undefined = STAMPED_COMMIT.startsWith("@") ? undefined : STAMPED_COMMIT;
