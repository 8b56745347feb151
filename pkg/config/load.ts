import { type ConfigShape, toConfig } from "./codec.ts";
import { type ConfigFile, findConfigFile, readConfigFile } from "./file.ts";
import { capIssues, ConfigError, type ConfigIssue, placeText } from "./issues.ts";
import type { LayerContext, Place } from "./judge.ts";
import { listKeys } from "./keys.ts";
import type { ConfigSectionLike } from "./members.ts";
import { type Config, CONFIG_PROFILES, type ConfigProfile } from "./profiles.ts";
import { ruleViolations } from "./rules.ts";
import { type Layer, readEnvironmentLayer, readFileLayer, readFlagLayer } from "./sources.ts";
import { setAt } from "./tree.ts";
import { readYaml } from "./yaml_source.ts";

/** Where the value of one key came from. */
export interface ConfigOrigin {
  readonly source: "flag" | "env" | "file" | "default";
  /** "flag ports.http_port", "environment variable BZZZ_…", "bzzz.yaml:4:14" or "default of bzzz-agent". */
  readonly where: string;
}

/** A configuration that can be used, and its story. */
export interface LoadedConfig<C = Config> {
  /** Complete and deeply frozen. */
  readonly config: C;
  /** One entry per key of the schema, by dotted key, in the order of the file. */
  readonly origins: ReadonlyMap<string, ConfigOrigin>;
  /** What does no harm but is likely a mistake: variables without a meaning. */
  readonly warnings: readonly ConfigIssue[];
  /** The file that was read, or undefined when there was none. */
  readonly file: string | undefined;
}

/** What `parseConfig` works on; nothing is read from the process. */
export interface ParseConfigOptions<S extends ConfigSectionLike> {
  readonly profile: ConfigProfile<S>;
  /** The text of the file; undefined when there is none. */
  readonly text?: string | undefined;
  /** How the file is called in messages. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** By dotted key; text is read as in a variable, other values are taken as they are, undefined is skipped. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Variables starting with BZZZ_ that something else reads, beside `KNOWN_VARIABLES`. */
  readonly knownVariables?: readonly string[];
}

/** What `loadConfig` works on. */
export interface LoadConfigOptions<S extends ConfigSectionLike> extends Omit<ParseConfigOptions<S>, "file"> {
  /** The file named on the command line. It must exist. With `text`, only a name for messages. */
  readonly path?: string | undefined;
  /** The data directory: `config.yaml` in it is read when nobody names a file. */
  readonly home?: string | undefined;
}

/**
 * Reads the file and merges: flags over `BZZZ_*` variables over the file over defaults. The file is `path`, else the one
 * `BZZZ_CONFIG_PATH` or `BZZZ_CONFIG` names, else `config.yaml` in `home` if it exists, else none.
 *
 * @throws ConfigError config_missing: a named file does not exist; config_unreadable: it is a directory, too large (1 MiB), not
 * UTF-8, or may not be read; config_invalid: with every problem of every source.
 */
export async function loadConfig<S extends ConfigSectionLike>(
  options: LoadConfigOptions<S>,
): Promise<LoadedConfig<ConfigShape<S>>> {
  const { path, home, ...rest } = options;
  const found: ConfigFile | undefined = options.text === undefined
    ? await readConfigFile(findConfigFile({ path, home, env: options.env }), options.profile.program)
    : { path: path ?? "configuration", text: options.text };
  return parseConfig({ ...rest, text: found?.text, file: found?.path });
}

/**
 * The pure half of `loadConfig`.
 *
 * @throws ConfigError config_invalid, with every problem of every source (at most 100, then a count).
 */
export function parseConfig<S extends ConfigSectionLike>(options: ParseConfigOptions<S>): LoadedConfig<ConfigShape<S>> {
  const { profile, text } = options;
  const file = options.file ?? "configuration";
  const context = layerContext(profile, profile.createSchema(profile.defaults));
  const layers: readonly Layer[] = [
    readFlagLayer(options.flags, context),
    readEnvironmentLayer(options.env, options.knownVariables ?? [], context),
    ...(text === undefined ? [] : [readFileLayer(readYaml(text, file), file, context)]),
  ];

  const tree: Record<string, unknown> = {};
  for (const section of context.known.sections.keys()) if (section !== "") setAt(tree, section.split("."), {});
  const origins = new Map<string, ConfigOrigin>();
  const places = new Map<string, Place>();
  for (const { key, path, fallback } of context.known.keys) {
    const top = layers.find(({ values }) => values.has(key))?.values.get(key);
    if (top === undefined) {
      setAt(tree, path, fallback);
      origins.set(key, { source: "default", where: `default of ${profile.program}` });
      continue;
    }
    setAt(tree, path, top.value);
    places.set(key, top.place);
    origins.set(key, { source: top.place.source, where: placeText(top.place) });
  }

  const config = toConfig<S>(tree); // every value in it has passed its own schema, or is its key's own
  const issues = layers.toReversed().flatMap((layer) => layer.issues);
  const blamed = new Set(issues.map(({ keyPath }) => keyPath.replace(/\[.*$/, "")));
  // Of a file that could not be read as a whole the values are unknown, so nothing can be said about their fit.
  const isJudged = !blamed.has("") && !blamed.has("binary_type");
  // Proof of the cast: profiles make schemas of the two programs only.
  for (const { keys, ...violation } of isJudged ? ruleViolations(config as unknown as Config) : []) {
    if (keys.some((key) => blamed.has(key))) continue;
    const key = keys.find((candidate) => places.has(candidate)) ?? keys[0];
    const place = places.get(key) ?? { source: "file", file, line: undefined, column: undefined };
    issues.push({ ...place, keyPath: key, ...violation });
  }
  const warnings = layers.flatMap((layer) => layer.warnings);
  const loaded = { config, origins, warnings, file: text === undefined ? undefined : file };
  if (issues.length > 0) {
    const readable = isJudged ? loaded as unknown as LoadedConfig : undefined; // the proof is that of the rules
    throw new ConfigError("config_invalid", issues[0]?.file ?? file, capIssues(issues), { readable });
  }
  return loaded;
}

function layerContext(profile: ConfigProfile, file: ConfigSectionLike): LayerContext {
  const known = listKeys(file);
  const others = Object.values(CONFIG_PROFILES).filter(({ binaryType }) => binaryType !== profile.binaryType);
  // Made when somebody asks: a configuration without strange names needs no schema but its own.
  let foreignNames: ReadonlySet<string> | undefined;
  const foreign = (): ReadonlySet<string> => {
    const own = new Set(known.keys.map(({ key }) => key));
    return foreignNames ??= new Set(
      others.flatMap((other) => listKeys(other.createSchema(other.defaults)).keys)
        .filter(({ key }) => !own.has(key)).flatMap(({ key, variables }) => [key, ...variables]),
    );
  };
  return {
    known,
    file,
    program: profile.program,
    binaryType: profile.binaryType,
    others: {
      names: foreign,
      programs: new Map(others.map(({ binaryType, program }) => [binaryType, program])),
    },
  };
}
