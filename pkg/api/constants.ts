/** Where every route of the API lives. A breaking change of a view makes it v2. */
export const API_BASE = "/api/v1";

/** The most items one list answers. */
export const MAX_LIST_ITEMS = 1_000;
