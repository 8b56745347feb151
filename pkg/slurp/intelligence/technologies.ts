import { parseJson } from "@bzzz/ucxl";
import { MAX_FIELD_ITEMS } from "../context/fields.ts";

/** Names that are looked for as whole words, by how they are told. Words of everyday language ("Go", "Express") are not among them. */
const KNOWN: readonly string[] = [
  "Ansible",
  "Angular",
  "Bun",
  "CBOR",
  "Cassandra",
  "Debian",
  "Deno",
  "Django",
  "Docker",
  "Elasticsearch",
  "Erlang",
  "FastAPI",
  "Flask",
  "GitHub",
  "GitLab",
  "Grafana",
  "GraphQL",
  "gRPC",
  "Hono",
  "HTTP",
  "IPFS",
  "JavaScript",
  "Jenkins",
  "Kafka",
  "Kotlin",
  "Kubernetes",
  "libp2p",
  "Linux",
  "MongoDB",
  "MySQL",
  "NATS",
  "Next.js",
  "Nginx",
  "Node.js",
  "Ollama",
  "OpenAPI",
  "OpenTelemetry",
  "Podman",
  "PostgreSQL",
  "Prometheus",
  "Python",
  "PyTorch",
  "RabbitMQ",
  "React",
  "Redis",
  "Ruby",
  "Rust",
  "Scala",
  "SQLite",
  "Svelte",
  "Swift",
  "systemd",
  "Tailwind",
  "TensorFlow",
  "Terraform",
  "TypeScript",
  "UCXL",
  "Vue",
  "WebAssembly",
  "WebSocket",
  "YAML",
  "Zig",
  "Zod",
]; // deno-fmt-ignore
const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(KNOWN.map((name) => [name.toLowerCase(), name]));
/** Files that list what a project is built on. */
const MANIFESTS: ReadonlySet<string> = new Set(["package.json", "deno.json"]);

/** Technologies that a text names, sorted, at most `MAX_FIELD_ITEMS`. */
export function technologiesIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const [word] of text.matchAll(/[A-Za-z][A-Za-z0-9]{1,30}(?:\.js)?/g)) {
    const name = BY_LOWER_CASE.get(word.toLowerCase());
    if (name !== undefined) found.add(name);
  }
  return [...found].sort().slice(0, MAX_FIELD_ITEMS);
}

/** What a manifest says that its project is built on, sorted; empty for other files. */
export function dependenciesIn(path: string, text: string): readonly string[] {
  if (!MANIFESTS.has(path.slice(path.lastIndexOf("/") + 1))) return [];
  const manifest = parseJson(text);
  const names = ["dependencies", "devDependencies", "imports"].flatMap((key) => {
    const part = propertyOf(manifest, key);
    return typeof part === "object" && part !== null && !Array.isArray(part) ? Object.keys(part) : [];
  });
  return [...new Set(names.filter((name) => /^@?[\w./-]{1,64}$/.test(name)))].sort().slice(0, MAX_FIELD_ITEMS);
}

function propertyOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key]; // it is an object that has it
}
