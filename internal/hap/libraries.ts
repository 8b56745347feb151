import type { Config } from "@bzzz/config";
import { join } from "node:path";
import { BUILTIN_TEMPLATES } from "./forms/builtin.ts";
import { YamlLibrary } from "./forms/library.ts";
import { parseTemplate, type Template } from "./forms/template.ts";
import { folderOf } from "./forms/yaml_folder.ts";
import { policyFile } from "./prompts/policy_file.ts";
import { parseWording, type Wording } from "./prompts/wording.ts";

/** What a person keeps in files. */
export interface PersonLibraries {
  /** Messages to fill in; those that come with the program stand behind the person's own. */
  readonly templates: YamlLibrary<Template>;
  /** Wordings of asks, and replies. */
  readonly prompts: YamlLibrary<Wording>;
  /** The file of the policy, where there is to be one. */
  readonly policyPath: string | undefined;
}

/** The libraries of these folders, and the file of the policy. */
export function createLibraries(
  folders: { readonly templates: string; readonly prompts: string; readonly policy?: string },
): PersonLibraries {
  return {
    templates: new YamlLibrary(folders.templates, { parse: parseTemplate, builtin: BUILTIN_TEMPLATES }),
    prompts: new YamlLibrary(folders.prompts, { parse: parseWording }),
    policyPath: folders.policy,
  };
}

/**
 * Looks at folders that a view cannot see any more once it has given up the data directory: all but those that the header of the program
 * names. What it saw is kept.
 */
export async function readHidden({ templates, prompts }: PersonLibraries, home: string): Promise<void> {
  if (templates.folder !== join(home, "templates")) await templates.read();
  if (prompts.folder !== join(home, "prompts")) await prompts.read();
}

/** Where `interface.message_templates_path` and `interface.prompt_library_path` say. @throws TypeError for a node of an agent */
export function librariesOfConfig(config: Config, home: string): PersonLibraries {
  if (config.binaryType !== "hap") throw new TypeError("Unreachable: the portal runs with a portal's configuration");
  const { messageTemplatesPath, promptLibraryPath, policyPath } = config.interface;
  return createLibraries({
    templates: folderOf(messageTemplatesPath, home),
    prompts: folderOf(promptLibraryPath, home),
    ...(policyPath === undefined ? {} : { policy: policyFile(policyPath, home) }),
  });
}
