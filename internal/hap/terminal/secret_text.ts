/** As much as the API takes. */
const MAX_SECRET_CHARACTERS = 1_024;

/** What a press does to a secret that is being typed: it is never cleaned, completed, or put into a history. */
export function editSecret(
  secret: string,
  press: { readonly text: string } | { readonly key: "backspace" | "kill_to_start" },
): string {
  if ("text" in press) return (secret + press.text).slice(0, MAX_SECRET_CHARACTERS);
  return press.key === "backspace" ? [...secret].slice(0, -1).join("") : "";
}
