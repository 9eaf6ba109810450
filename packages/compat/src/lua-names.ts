import type { Expression, Node } from "luaparse";
import { argumentsOf, isCall, isLocal, isNamed, nodesOf, requiredBy, stringIn } from "./lua-tree.ts";

/** What a Lua file gives names to. */
export interface LuaNames {
  /** Local name → library it holds; empty text when it holds more than one thing. */
  libraries: ReadonlyMap<string, string>;
  /** Local name, declared once → member of a library it holds. */
  members: ReadonlyMap<string, LibraryMember>;
  /** Globals it sets. */
  globals: ReadonlySet<string>;
  /** Members of `module` it sets. */
  methods: ReadonlySet<string>;
  /** Variables, and members as `.name`, whose presence it asks for somewhere. */
  tested: ReadonlySet<string>;
}

export interface LibraryMember {
  library: string;
  name: string;
}

/** Collects the names a syntax tree assigns to and asks for, wherever in it. */
export function namesIn(root: Node): LuaNames {
  const nodes = nodesOf(root);
  const assignments = nodes.flatMap(assignmentsIn);
  const targets = assignments.map(({ target }) => target);
  const globals = targets.map((target) => (target.type === "Identifier" && !isLocal(target) ? target.name : undefined));
  const methods = targets.map((target) =>
    target.type === "MemberExpression" && isNamed(target.base, "module") ? target.identifier.name : undefined,
  );
  const libraries = librariesIn(assignments);
  return {
    libraries,
    members: membersIn(assignments, libraries, declaredOnce(nodes)),
    globals: known(globals),
    methods: known(methods),
    tested: known(nodes.flatMap(testsIn).map(testedName)),
  };
}

/** The library whose member this is: `require "util.jwt".init`, or `jwt.init` where `jwt` holds the library. */
export function libraryMember(node: Node, libraries: LuaNames["libraries"]): LibraryMember | undefined {
  if (node.type !== "MemberExpression" || node.indexer !== ".") return undefined;
  const { base } = node;
  const library = base.type === "Identifier" && isLocal(base) ? libraries.get(base.name) : heldBy(base);
  return library === undefined || library === "" ? undefined : { library, name: node.identifier.name };
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
    const library = value === undefined ? undefined : heldBy(value);
    if (library === undefined || target.type !== "Identifier") continue;
    const before = libraries.get(target.name) ?? library;
    libraries.set(target.name, before === library ? library : "");
  }
  return libraries;
}

// `module:require "adhoc"` is told apart from libraries by its colon.
function heldBy(value: Node): string | undefined {
  const library = requiredBy(value);
  if (library !== undefined || !isCall(value) || value.base.type !== "MemberExpression") return library;
  const { base, identifier } = value.base;
  const part = isNamed(base, "module") && identifier.name === "require" ? stringIn(argumentsOf(value)[0]) : undefined;
  return part === undefined ? undefined : `module:${part}`;
}

function membersIn(
  assignments: readonly Assignment[],
  libraries: LuaNames["libraries"],
  once: ReadonlySet<string>,
): Map<string, LibraryMember> {
  const members = new Map<string, LibraryMember>();
  for (const { target, value } of assignments) {
    const member = value === undefined ? undefined : libraryMember(value, libraries);
    if (member !== undefined && target.type === "Identifier" && once.has(target.name)) members.set(target.name, member);
  }
  return members;
}

// A name that is also a parameter, a loop's variable or set again may hold anything.
function declaredOnce(nodes: readonly Node[]): Set<string> {
  const seen = new Map<string, number>();
  const targets = nodes.flatMap((node): Node[] => {
    if (node.type === "FunctionDeclaration") return [...node.parameters, ...(node.identifier ? [node.identifier] : [])];
    if (node.type === "ForGenericStatement") return node.variables;
    if (node.type === "ForNumericStatement") return [node.variable];
    return node.type === "LocalStatement" || node.type === "AssignmentStatement" ? node.variables : [];
  });
  for (const target of targets) {
    if (target.type === "Identifier") seen.set(target.name, (seen.get(target.name) ?? 0) + 1);
  }
  return new Set([...seen].filter(([, count]) => count === 1).map(([name]) => name));
}

// What stands before `and` and `or`, behind `not`, in a condition, or beside nil.
function testsIn(node: Node): Expression[] {
  if (node.type === "LogicalExpression") return [node.left];
  if (node.type === "UnaryExpression") return node.operator === "not" ? [node.argument] : [];
  if (node.type === "IfClause" || node.type === "ElseifClause") return [node.condition];
  if (node.type !== "BinaryExpression" || !["==", "~="].includes(node.operator)) return [];
  const sides = [node.left, node.right];
  return sides.some(({ type }) => type === "NilLiteral") ? sides : [];
}

function testedName(test: Expression): string | undefined {
  if (test.type === "Identifier") return test.name;
  return test.type === "MemberExpression" ? `.${test.identifier.name}` : undefined;
}

function known(names: ReadonlyArray<string | undefined>): Set<string> {
  return new Set(names.filter((name) => name !== undefined));
}
