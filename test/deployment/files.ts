/** Reading the files under test. */
import { type Document, parseAllDocuments } from "yaml";

/** The root of the project, with a final "/". */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** A Kubernetes object, as far as every kind has the same shape. */
export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- a test digs in it; `deno check` judges its shape against the real types.
  readonly body: any;
}

/** Parses every document of a YAML file; a mistake in the syntax fails the test. */
export function parseYaml(path: string): unknown[] {
  const documents = parseAllDocuments(Deno.readTextFileSync(`${ROOT}${path}`)) as Document[];
  return documents.map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]?.message}`);
    return document.toJS() as unknown;
  });
}

/** Every manifest of deployments/kubernetes; the kustomization is no object of a cluster. */
export function readManifests(): Manifest[] {
  const folder = "deployments/kubernetes";
  const files = Array.from(Deno.readDirSync(`${ROOT}${folder}`), (entry) => entry.name).filter((name) =>
    name.endsWith(".yaml")
  );
  return files.filter((file) => file !== "kustomization.yaml").sort().flatMap((file) =>
    parseYaml(`${folder}/${file}`).map((document) => {
      const body = document as { apiVersion: string; kind: string; metadata: { name: string } };
      return { file, apiVersion: body.apiVersion, kind: body.kind, name: body.metadata.name, body };
    })
  );
}

/** Runs a command to its end; undefined when it is not installed. */
export async function runIfInstalled(
  command: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string } | undefined> {
  try {
    const output = await new Deno.Command(command, { args, cwd: ROOT, env: { NO_COLOR: "1" }, stdin: "null" }).output();
    const text = new TextDecoder();
    return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
