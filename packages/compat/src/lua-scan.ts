import type { Expression, MemberExpression, Node } from "luaparse";
import { type LuaNames, namesIn } from "./lua-names.ts";
import { parseLua } from "./lua-parse.ts";
import { type Call, argumentsOf, childrenOf, isCall, isLocal, isNamed, requiredBy, stringIn } from "./lua-tree.ts";

/** A name a Lua file uses, and how much depends on it. */
export interface Use {
  name: string;
  line: number;
  /** Reached while the module loads, not only in a function that is called later. */
  loading: boolean;
  /** In a condition's branch, behind `or`, in a pcall, or set by the file itself: the module may well do without. */
  guarded: boolean;
}

/** A use of what a Prosody library exports. `called`: an error, not nil, when it is missing. */
interface MemberUse extends Use {
  library: string;
  called: boolean;
}

/** What a Lua file asks of its surroundings. */
export interface LuaScan {
  /** `require` and `import`. */
  requires: Use[];
  /** Methods of `module:`. */
  methods: Use[];
  /** `module:depends`, as `mod_x`. */
  depends: Use[];
  /** `module:require`. */
  parts: Use[];
  members: MemberUse[];
  /** Globals that the file does not set itself. */
  globals: Use[];
  /** Calls of require or depends whose argument is no plain string. */
  dynamic: number;
}

type Context = Pick<Use, "loading" | "guarded">;

interface Place {
  node: Node;
  context: Context;
}

/**
 * Reads what a Lua file (one character per byte) asks for.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE; `where` names the file.
 */
export function scanLua(text: string, where: string): LuaScan {
  const scan: LuaScan = { requires: [], methods: [], depends: [], parts: [], members: [], globals: [], dynamic: 0 };
  const chunk = parseLua(text, where);
  const names = namesIn(chunk);
  const open: Place[] = [{ node: chunk, context: { loading: true, guarded: false } }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { node, context } = place;
    recordNode(scan, names, place);
    const children = childrenOf(node).toReversed();
    for (const child of children) open.push({ node: child, context: contextOf(child, node, context) });
  }
  return {
    ...scan,
    methods: scan.methods.filter(({ name }) => !names.methods.has(name)),
    globals: scan.globals.filter(({ name }) => !names.globals.has(name)),
  };
}

function recordNode(scan: LuaScan, names: LuaNames, { node, context }: Place): void {
  const where = whereOf(node, context);
  if (node.type === "Identifier" && isLocal(node) === false) scan.globals.push({ name: node.name, ...where });
  if (node.type === "MemberExpression") addMember(scan, { node, names }, { ...where, called: false });
  if (!isCall(node)) return;
  if (node.base.type === "MemberExpression") addMember(scan, { node: node.base, names }, { ...where, called: true });
  recordRequire(scan, node, where);
  recordProtected(scan, node, { ...where, guarded: true });
  recordMethod(scan, node, where);
}

type Where = Omit<Use, "name">;

function recordRequire(scan: LuaScan, call: Call, where: Where): void {
  if (!isNamed(call.base, "require", "import", "softreq")) return;
  const [library, ...members] = argumentsOf(call).map(stringIn);
  const guarded = where.guarded || isNamed(call.base, "softreq");
  addNamed(scan, scan.requires, { ...where, name: library, guarded });
  if (!isNamed(call.base, "import") || library === undefined) return;
  // import("util.jid", "split") takes members without calling them.
  const taken = members.filter((name) => name !== undefined);
  scan.members.push(...taken.map((name) => ({ ...where, name, library, called: false })));
}

// pcall(require, "x"), pcall(module.depends, module, "x")
function recordProtected(scan: LuaScan, call: Call, where: Where): void {
  if (!isNamed(call.base, "pcall", "xpcall")) return;
  const [first, second, third] = argumentsOf(call);
  if (isNamed(first, "require")) addNamed(scan, scan.requires, { ...where, name: stringIn(second) });
  const method =
    first?.type === "MemberExpression" && isNamed(first.base, "module") ? first.identifier.name : undefined;
  if (method === "depends") addNamed(scan, scan.depends, { ...where, name: moduleName(third) });
}

function recordMethod(scan: LuaScan, call: Call, where: Where): void {
  const { base } = call;
  if (base.type !== "MemberExpression" || base.indexer !== ":" || !isNamed(base.base, "module")) return;
  const method = base.identifier.name;
  const [first, second] = argumentsOf(call);
  scan.methods.push({ ...where, name: method });
  if (method === "require") addNamed(scan, scan.parts, { ...where, name: stringIn(first) });
  const guarded = where.guarded || isTrue(second);
  if (method === "depends") addNamed(scan, scan.depends, { ...where, name: moduleName(first), guarded });
}

// `module:depends(name, true)` does without a module that is disabled.
function isTrue(node: Expression | undefined): boolean {
  return node?.type === "BooleanLiteral" && node.value;
}

interface Member {
  node: MemberExpression;
  names: LuaNames;
}

function addMember(scan: LuaScan, { node, names }: Member, where: Omit<MemberUse, "name" | "library">): void {
  const { base } = node;
  const held = base.type === "Identifier" && isLocal(base) ? names.libraries.get(base.name) : requiredBy(base);
  if (node.indexer !== "." || held === undefined || held === "") return;
  scan.members.push({ ...where, name: node.identifier.name, library: held });
}

function addNamed(scan: LuaScan, uses: Use[], { name, ...where }: Where & { name: string | undefined }): void {
  if (name === undefined) scan.dynamic += 1;
  else uses.push({ name, ...where });
}

function contextOf(child: Node, parent: Node, context: Context): Context {
  if (child.type === "FunctionDeclaration") return functionContext(child, parent, context);
  if (parent.type === "FunctionDeclaration" && child === parent.identifier) return { ...context, guarded: true };
  return isBranch(child, parent) ? { ...context, guarded: true } : context;
}

function isBranch(child: Node, parent: Node): boolean {
  if (parent.type === "LogicalExpression") return child === parent.right;
  if (parent.type === "ElseClause") return true;
  if (parent.type === "AssignmentStatement") return parent.variables.some((variable) => variable === child);
  return (parent.type === "IfClause" || parent.type === "ElseifClause") && child !== parent.condition;
}

// Prosody calls module.load and module.add_host itself while loading; a function given to pcall runs at once.
function functionContext(child: Node, parent: Node, context: Context): Context {
  if (isCall(parent) && parent.base === child) return context;
  if (isCall(parent) && isNamed(parent.base, "pcall", "xpcall")) return { ...context, guarded: true };
  return isLoadHook(child) ? context : { ...context, loading: false };
}

function isLoadHook(child: Node): boolean {
  const name = child.type === "FunctionDeclaration" ? child.identifier : null;
  if (name?.type !== "MemberExpression" || !isNamed(name.base, "module")) return false;
  return ["load", "add_host"].includes(name.identifier.name);
}

function moduleName(node: Expression | undefined): string | undefined {
  const name = stringIn(node);
  return name === undefined ? undefined : `mod_${name}`;
}

function whereOf(node: Node, context: Context): Where {
  return { line: node.loc?.start.line ?? 0, ...context };
}
