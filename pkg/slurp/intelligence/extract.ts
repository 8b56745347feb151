import { type Fields, MAX_FIELD_CHARACTERS } from "../context/fields.ts";
import { folderOf } from "../context/levels.ts";
import { declaredFolder, readDeclared, sorted, tagsOfFrontMatter } from "./declared.ts";
import { essenceOf, isProgramming, languageOf } from "./languages.ts";
import { type MarkdownFacts, readMarkdown } from "./markdown.ts";
import { dependenciesIn, technologiesIn } from "./technologies.ts";
import type { Finding, SourceText } from "./types.ts";

/** A file that speaks of the folder it lies in. */
const README = /(?:^|\/)(?:readme|index)(?:\.(?:md|txt))?$/i;
/** Comment at the beginning of a program, in the ways that are usual. */
const LEADING_COMMENT =
  /^(?:#![^\n]{0,200}\n)?\s{0,40}(?:\/\*\*?([\s\S]{1,4000}?)\*\/|((?:(?:\/\/|#|--|;)[^\n]{0,400}\n?){1,40})|"""([\s\S]{1,4000}?)""")/;

/**
 * What a content tells, without a model: media type and language, what its title, first paragraph and headings say, technologies that it
 * names, tags. The same content always tells the same. Pure.
 */
export function extract(source: SourceText): readonly Finding[] {
  const { path, text } = source;
  const declared = declaredFolder(path);
  if (declared !== undefined) {
    const fields = text === undefined ? undefined : readDeclared(text);
    return fields ? [{ path: declared, directness: "declared", fields }] : [];
  }
  const fields = fieldsOf(source);
  const itself: Finding = { path, directness: "itself", fields };
  if (!README.test(path) || text === undefined) return [itself];
  const { media_type: _, language: __, ...ofFolder } = fields;
  return [itself, { path: folderOf(path), directness: "readme", fields: ofFolder }];
}

function fieldsOf({ path, mediaType, text }: SourceText): Fields {
  const language = languageOf(path, mediaType);
  const found = text === undefined ? undefined : wordsOf(text, language);
  const technologies = text === undefined ? [] : sorted([
    ...(language !== undefined && isProgramming(language) ? [language] : []),
    ...dependenciesIn(path, text),
    ...(language === "Markdown" || language === undefined ? technologiesIn(text) : []),
  ]);
  const tags = sorted([...tagsOfFrontMatter(found?.frontMatter), ...path.split("/").slice(0, -1).filter(isTag)]);
  const summary = short([found?.title, found?.summary].filter((it) => it !== undefined && it !== "").join(": "));
  const purpose = short(found?.purpose ?? "");
  return {
    media_type: essenceOf(mediaType),
    ...(language === undefined ? {} : { language }),
    ...(summary === "" ? {} : { summary }),
    ...(purpose === "" ? {} : { purpose }),
    ...(technologies.length === 0 ? {} : { technologies }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

function wordsOf(text: string, language: string | undefined): MarkdownFacts | undefined {
  if (language === "Markdown" || language === undefined) return readMarkdown(text);
  if (!isProgramming(language)) return undefined;
  const match = LEADING_COMMENT.exec(text);
  const comment = (match?.[1] ?? match?.[2] ?? match?.[3] ?? "").replaceAll(
    /^[ \t]*(?:\*|\/\/+|#+|--|;+)?[ \t]?/gm,
    "",
  );
  const summary = comment.trim().split(/\n\s*\n|\n@/)[0]?.replaceAll(/\s+/g, " ").trim();
  return {
    title: undefined,
    summary: summary === "" ? undefined : summary,
    purpose: undefined,
    frontMatter: undefined,
  };
}

function isTag(segment: string): boolean {
  return /^[\w-]{2,64}$/.test(segment);
}

function short(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_FIELD_CHARACTERS
    ? text
    : `${characters.slice(0, MAX_FIELD_CHARACTERS - 1).join("")}…`;
}
