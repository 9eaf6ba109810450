import type { Expression, Node } from "luaparse";
import { isLocal, isNamed, nodesOf, requiredBy } from "./lua-tree.ts";

/** What a Lua file gives names to. */
export interface LuaNames {
  /** Local name → library it holds; empty text when it holds more than one thing. */
  libraries: ReadonlyMap<string, string>;
  /** Globals it sets. */
  globals: ReadonlySet<string>;
  /** Members of `module` it sets. */
  methods: ReadonlySet<string>;
}

/** Collects the names a syntax tree assigns to, wherever in it. */
export function namesIn(root: Node): LuaNames {
  const assignments = nodesOf(root).flatMap(assignmentsIn);
  const targets = assignments.map(({ target }) => target);
  const globals = targets.map((target) => (target.type === "Identifier" && !isLocal(target) ? target.name : undefined));
  const methods = targets.map((target) =>
    target.type === "MemberExpression" && isNamed(target.base, "module") ? target.identifier.name : undefined,
  );
  return { libraries: librariesIn(assignments), globals: known(globals), methods: known(methods) };
}

interface Assignment {
  target: Expression;
  value: Expression | undefined;
}

function assignmentsIn(node: Node): Assignment[] {
  if (node.type === "FunctionDeclaration") {
    return node.identifier === null ? [] : [{ target: node.identifier, value: undefined }];
  }
  if (node.type !== "LocalStatement" && node.type !== "AssignmentStatement") return [];
  return node.variables.map((target, index) => ({ target, value: node.init[index] }));
}

function librariesIn(assignments: readonly Assignment[]): Map<string, string> {
  const libraries = new Map<string, string>();
  for (const { target, value } of assignments) {
    const library = value === undefined ? undefined : requiredBy(value);
    if (library === undefined || target.type !== "Identifier") continue;
    const before = libraries.get(target.name) ?? library;
    libraries.set(target.name, before === library ? library : "");
  }
  return libraries;
}

function known(names: ReadonlyArray<string | undefined>): Set<string> {
  return new Set(names.filter((name) => name !== undefined));
}
