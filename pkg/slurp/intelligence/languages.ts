/** Languages by the end of a file's name. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  c: "C",
  cc: "C++",
  cpp: "C++",
  cs: "C#",
  css: "CSS",
  ex: "Elixir",
  go: "Go",
  h: "C",
  hs: "Haskell",
  html: "HTML",
  java: "Java",
  js: "JavaScript",
  json: "JSON",
  jsx: "JavaScript",
  kt: "Kotlin",
  lua: "Lua",
  md: "Markdown",
  mjs: "JavaScript",
  php: "PHP",
  pl: "Perl",
  py: "Python",
  rb: "Ruby",
  rs: "Rust",
  scala: "Scala",
  sh: "Shell",
  sql: "SQL",
  swift: "Swift",
  tex: "LaTeX",
  toml: "TOML",
  ts: "TypeScript",
  tsx: "TypeScript",
  yaml: "YAML",
  yml: "YAML",
  zig: "Zig",
};
/** Languages by media type, where the name says nothing. */
const BY_MEDIA_TYPE: Readonly<Record<string, string>> = {
  "application/json": "JSON",
  "application/yaml": "YAML",
  "text/css": "CSS",
  "text/html": "HTML",
  "text/javascript": "JavaScript",
  "text/markdown": "Markdown",
};
/** Forms of data and text: a folder of them is not "written in" them. */
const FORMS: ReadonlySet<string> = new Set(["JSON", "YAML", "TOML", "Markdown", "HTML", "CSS"]);

/** The language of a file by its name, else by its media type. */
export function languageOf(path: string, mediaType: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return find(BY_EXTENSION, extension) ?? find(BY_MEDIA_TYPE, essenceOf(mediaType));
}

/** Whether a language is one that programs are written in. */
export function isProgramming(language: string): boolean {
  return !FORMS.has(language);
}

/** "text/markdown" of "Text/Markdown; charset=utf-8". */
export function essenceOf(mediaType: string): string {
  return mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
}

function find(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
