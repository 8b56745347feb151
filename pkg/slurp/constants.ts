/** The agent under whose name slices lie; what is written there is never a source. */
export const SLURP_AGENT = "slurp";
/** The path of a slice. */
export const SLICE_PATH = "slurp/slice.json";
