import type { CallExpression, Expression, Identifier, Node, StringCallExpression, TableCallExpression } from "luaparse";

export type Call = CallExpression | StringCallExpression | TableCallExpression;

/** The nodes right below a node, in source order. */
export function childrenOf(node: Node): Node[] {
  const values = Object.entries(node).filter(([key]) => key !== "globals");
  return values.flatMap(([, value]: [string, unknown]) => (Array.isArray(value) ? value : [value]).filter(isNode));
}

/** A node and all below it, in no order. Keeps its own stack: a long chain of operators is deeper than the call stack. */
export function nodesOf(root: Node): Node[] {
  const nodes: Node[] = [];
  const open: Node[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    for (const child of childrenOf(node)) open.push(child);
  }
  return nodes;
}

export function isCall(node: Node): node is Call {
  return node.type === "CallExpression" || node.type === "StringCallExpression" || node.type === "TableCallExpression";
}

/** Arguments of `f(…)`, `f"…"` and `f{…}`. */
export function argumentsOf(call: Call): Expression[] {
  if (call.type === "CallExpression") return call.arguments;
  return [call.type === "StringCallExpression" ? call.argument : call.arguments];
}

/** True for a variable of one of these names. */
export function isNamed(node: Node | undefined, ...names: readonly string[]): boolean {
  return node?.type === "Identifier" && names.includes(node.name);
}

/** Set where an identifier is a variable; the name of a member has none. */
export function isLocal(node: Identifier): boolean | undefined {
  return "isLocal" in node ? node.isLocal === true : undefined;
}

export function stringIn(node: Expression | undefined): string | undefined {
  return node?.type === "StringLiteral" ? node.value : undefined;
}

/** The library that `require "x"` or `import "x"` yields. */
export function requiredBy(value: Node): string | undefined {
  if (!isCall(value) || !isNamed(value.base, "require", "import")) return undefined;
  const given = argumentsOf(value);
  return given.length === 1 ? stringIn(given[0]) : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
