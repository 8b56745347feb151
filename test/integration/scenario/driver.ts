/** How a person does things in one form of the portal. Each resolves when the portal has said that it is done. */
export interface PersonDriver extends AsyncDisposable {
  /** Waits until the ask is where asks are. */
  sees(title: string): Promise<void>;
  answer(title: string, text: string): Promise<void>;
  approve(title: string): Promise<void>;
  deny(title: string, reason: string): Promise<void>;
}

/** Opens one form of the portal on the running node of `home`. */
export type OpenDriver = (home: string) => Promise<PersonDriver>;
