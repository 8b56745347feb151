/**
 * Configuration: one strict schema per program, merged from flags, `BZZZ_*` variables, a YAML file and defaults, with the place
 * of every value and of every mistake. Secrets have no place in it: keys and tokens are files in the data directory.
 *
 * ```ts
 * import { CONFIG_PROFILES, ConfigError, formatIssues, parseConfig } from "@bzzz/config";
 *
 * try {
 *   parseConfig({ profile: CONFIG_PROFILES.agent, text: "ports: {htpp_port: 80}", file: "a.yaml", env: {}, flags: {} });
 * } catch (error) {
 *   if (!(error instanceof ConfigError)) throw error;
 *   formatIssues(error.issues); // a.yaml:1:9: ports.htpp_port … did you mean ports.http_port?
 * }
 * ```
 *
 * @module
 */
export { changeSettings } from "./change.ts";
export type { CamelKeys, ConfigShape } from "./codec.ts";
export { formatDeploymentProblems, validateMultiBinaryDeployment } from "./deployment.ts";
export type { DeploymentProblem, DeploymentSide } from "./deployment.ts";
export { configJsonSchema, describeConfig, renderOrigins } from "./describe.ts";
export type { ConfigKeyDescription, ConfigKeyUse } from "./describe.ts";
export { renderExampleConfig } from "./example.ts";
export { CONFIG_FILE_NAME, findConfigFile, MAX_CONFIG_BYTES } from "./file.ts";
export type { ConfigCandidate } from "./file.ts";
export { ConfigError, formatIssues } from "./issues.ts";
export type { ConfigErrorCode, ConfigIssue } from "./issues.ts";
export { loadConfig, parseConfig } from "./load.ts";
export type { ConfigOrigin, LoadConfigOptions, LoadedConfig, ParseConfigOptions } from "./load.ts";
export { CONFIG_PROFILES, ELECTION_PROFILES, electionTimes, heapLimitMb } from "./profiles.ts";
export type { AgentConfig, AnyConfigProfile, Config, ConfigProfile, HapConfig, ProfileDefaults } from "./profiles.ts";
export { loadRolesFile, parseRolesFile, ROLES_FILE_NAME } from "./roles_file.ts";
export { readYaml } from "./yaml_source.ts";
export type { Position } from "./yaml_places.ts";
export type { YamlSource } from "./yaml_source.ts";
export type { AgentConfigSchema } from "./agent_schema.ts";
export type { HapConfigSchema } from "./hap_schema.ts";
export { KNOWN_VARIABLES } from "./sources.ts";
export type { ConfigField, ConfigMembers, ConfigSectionLike } from "./members.ts";
