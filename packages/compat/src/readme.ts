import { UserError } from "@prosody-foundry/kit";
import type { ModuleContent, ModuleFile } from "@prosody-foundry/source";
import { parse } from "yaml";
import { z } from "zod";
import { type Line, linesOf, plainText } from "./markdown.ts";

/** What a module's README says about it. */
export interface Readme {
  summary: string | null;
  /** As written: `Stage-Beta`, `Type-Auth`, … */
  labels: string[];
  /** Stage label in lower case; of two the one that warns. */
  stage: string | null;
  /** Modules it declares as needed (`rockspec.dependencies` and `depends`), as `mod_x`. */
  depends: string[];
  /** Modules that took its place, as `mod_x`. */
  supersededBy: string[];
  /** SPDX expression, where the front matter or an SPDX line names one. */
  licence: string | null;
  /** What follows the front matter. */
  body: Line[];
}

// The front matters of upstream stay under 2 KiB, its READMEs under 40.
const maxFrontMatter = 32 * 1024;
const maxReadme = 256 * 1024;

/**
 * Reads README.md (or README.markdown, or README) of a module; null when it has none.
 * @throws UserError README_FRONT_MATTER, README_TOO_LARGE
 */
export function readReadme(content: ModuleContent): Readme | null {
  const file = findReadme(content);
  if (file === undefined) return null;
  const where = `${content.name}/${file.path}`;
  if (file.bytes.length > maxReadme)
    throw new UserError("README_TOO_LARGE", `${where} is larger than 256 KiB`, {
      hint: "Pin another revision of the module, or patch it.",
    });
  return parseReadme(new TextDecoder().decode(file.bytes), where);
}

/** The README without its front matter, as far as it is not too large, whatever it holds; empty when there is none. */
export function readBareReadme(content: ModuleContent): Readme {
  const bytes = findReadme(content)?.bytes.subarray(0, maxReadme);
  const { body } = splitFrontMatter(linesOf(new TextDecoder().decode(bytes)));
  return { summary: null, labels: [], stage: null, depends: [], supersededBy: [], licence: null, body };
}

/** The file that counts as the module's README. */
export function findReadme({ files }: ModuleContent): ModuleFile | undefined {
  const names = ["README.md", "README.markdown", "README"];
  return names.map((name) => files.find(({ path }) => path === name)).find((file) => file !== undefined);
}

/**
 * Reads the text of a README; `where` names it in errors.
 * @throws UserError README_FRONT_MATTER
 */
export function parseReadme(text: string, where: string): Readme {
  const { yaml, body } = splitFrontMatter(linesOf(text));
  const front = FrontMatter.parse(yaml === null ? {} : keysOf(parseYaml(yaml, where)));
  const declared = [...front.depends, ...front.rockspec.dependencies];
  return {
    summary: wordsIn(front.summary) ?? wordsIn(front.description),
    labels: front.labels,
    stage: stageOf(front.labels),
    depends: [...new Set(declared.map(moduleNameIn).filter((name) => name !== undefined))],
    supersededBy: front.superseded_by.map(moduleNameIn).filter((name) => name !== undefined),
    licence: front.license ?? /\bSPDX-License-Identifier: {0,4}([A-Za-z0-9.+-]{1,60})/u.exec(text)?.[1] ?? null,
    body,
  };
}

interface Split {
  yaml: string | null;
  body: Line[];
}

// `---`, YAML, then `...` or `---`. Without the closing line the first is a rule across the page.
function splitFrontMatter(lines: Line[]): Split {
  if (lines[0]?.text.trimEnd() !== "---") return { yaml: null, body: lines };
  const end = lines.findIndex(({ text }, index) => index > 0 && ["---", "..."].includes(text.trimEnd()));
  if (end < 0) return { yaml: null, body: lines };
  const yaml = lines.slice(1, end).map(({ text }) => expandTabs(text));
  return { yaml: yaml.join("\n"), body: lines.slice(end + 1) };
}

// Two upstream READMEs indent with tabs, which YAML forbids.
function expandTabs(line: string): string {
  return line.replace(/^[ \t]+/u, (indent) => indent.replaceAll("\t", "        "));
}

function parseYaml(yaml: string, where: string): unknown {
  if (yaml.length > maxFrontMatter) throw frontMatterError(where, "it is larger than 32 KiB");
  // Nesting is what makes the parser slow or run out of stack; upstream's have one such mark at most.
  const nesting = yaml.match(/[[{?&*]|(?:^|[-:] )- /gmu) ?? [];
  if (nesting.filter((mark) => mark !== "- ").length > 50) throw frontMatterError(where, "it is nested too deeply");
  try {
    const value: unknown = parse(yaml, { version: "1.1", uniqueKeys: false, maxAliasCount: 10, logLevel: "error" });
    return value;
  } catch (error) {
    const because = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw frontMatterError(where, because);
  }
}

// A text or a list between the dashes has no keys.
function keysOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function frontMatterError(where: string, because: string): UserError {
  return new UserError("README_FRONT_MATTER", `The front matter of ${where} cannot be read: ${because}`, {
    hint: "Mend the YAML between the first two lines of dashes, or patch the module.",
  });
}

// Others write these files: a key of the wrong shape counts as absent.
const Words = z
  .union([
    z.string().transform((word) => [word]),
    z.array(z.unknown()).transform((list) => list.filter((item) => typeof item === "string")),
  ])
  .catch([]);

const FrontMatter = z.looseObject({
  summary: z.string().nullable().catch(null),
  description: z.string().nullable().catch(null),
  labels: Words,
  depends: Words,
  superseded_by: Words,
  license: z.string().optional().catch(undefined),
  rockspec: z.looseObject({ dependencies: Words }).catch({ dependencies: [] }),
});

function wordsIn(text: string | null): string | null {
  const words = plainText((text ?? "").slice(0, 1000));
  return words === "" ? null : words;
}

// "mod_http_oauth2 >= 200", "mod\_bosh"
function moduleNameIn(words: string): string | undefined {
  return /^\s*(mod_[A-Za-z0-9_-]{1,100})/u.exec(words.replaceAll("\\", ""))?.[1];
}

const warning = ["broken", "obsolete", "deprecated", "merged"];

function stageOf(labels: readonly string[]): string | null {
  const stages = labels.map((label) => /^stage-(\S{1,40})$/iu.exec(label)?.[1]?.toLowerCase());
  return (
    stages.find((stage) => stage !== undefined && warning.includes(stage)) ??
    stages.find((stage) => stage !== undefined) ??
    null
  );
}
