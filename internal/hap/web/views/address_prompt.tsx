import type { Html } from "@bzzz/web";

/** Asks which address is meant. */
export function AddressPrompt({ action, label }: { readonly action: string; readonly label: string }): Html {
  return (
    <form method="get" action={action}>
      <label for="address">{label}</label>
      <input
        id="address"
        name="address"
        required
        placeholder="ucxl://agent:role@project:task/path"
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit">Go on</button>
    </form>
  );
}
