import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import type { z } from "zod";
import { UserError } from "./error.ts";
import { didYouMean } from "./nearest.ts";

/** Whose text it is and the code of the error when it is wrong; the hint is for faults without a better one. */
export interface TextOrigin {
  file: string;
  code: string;
  hint?: string;
}

/**
 * JSON.parse that says where.
 * @throws UserError with the origin's code, naming file, line and column.
 */
export function parseJson(text: string, origin: TextOrigin): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(origin.code, `${origin.file}:${findFault(text)}`, { hint: origin.hint, cause });
  }
}

/**
 * A value that passed the schema.
 * @throws UserError with the origin's code, naming the first field that is wrong by its path.
 */
export function checkShape<S extends z.ZodType>(schema: S, value: unknown, origin: TextOrigin): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = meantIssue(result.error);
  const where = printPath(issue.path);
  throw new UserError(origin.code, `${origin.file}: ${where === "" ? "" : `${where}: `}${issue.message}`, {
    hint: (issue.code === "unrecognized_keys" ? nearestKey(issue.keys, schema) : undefined) ?? origin.hint,
    cause: result.error,
  });
}

// V8 gives no position for an unexpected token, so a second parser is asked where.
function findFault(text: string): string {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const first = errors[0];
  const lines = text.slice(0, first?.offset ?? 0).split("\n");
  const reason = first === undefined ? "InvalidJson" : printParseErrorCode(first.error);
  return `${lines.length}:${(lines.at(-1) ?? "").length + 1} is no JSON (${spaced(reason)})`;
}

function spaced(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}

// A misspelt field is a missing one too; its own name says more.
function meantIssue({ issues }: z.ZodError): z.core.$ZodIssue {
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue === undefined) throw new Error("zod refused a value and gave no issue");
  return deepest(issue);
}

// Of the branches of a union, the one with the fewest faults is the one that was meant.
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const first = issue.errors.toSorted((a, b) => a.length - b.length)[0]?.[0];
  if (first === undefined) return issue;
  const best = deepest(first);
  return { ...best, path: [...issue.path, ...best.path] };
}

function printPath(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    return /^[A-Za-z_$][\w$]*$/u.test(String(part)) ? `.${String(part)}` : `[${JSON.stringify(String(part))}]`;
  });
  return parts.join("").replace(/^\./u, "");
}

function nearestKey(unknown: readonly string[], schema: z.ZodType): string | undefined {
  const known = [...collectKeys(schema.toJSONSchema({ unrepresentable: "any", io: "input" }))];
  return unknown.map((key) => didYouMean(key, known)).find((hint) => hint !== undefined);
}

function collectKeys(value: unknown): Set<string> {
  if (value === null || typeof value !== "object") return new Set();
  const own = "properties" in value ? Object.keys(value.properties ?? {}) : [];
  return new Set([...own, ...Object.values(value).flatMap((item) => [...collectKeys(item)])]);
}
