import type { Expression, Node } from "luaparse";
import { type LuaNames, libraryMember, namesIn } from "./lua-names.ts";
import { parseLua } from "./lua-parse.ts";
import { type Call, argumentsOf, childrenOf, isCall, isLocal, isNamed, stringIn } from "./lua-tree.ts";

/** A name a Lua file uses, and how much depends on it. */
export interface Use {
  name: string;
  line: number;
  /** Reached while the module loads, not only in a function that is called later. */
  loading: boolean;
  /**
   * In a condition's branch, behind `or`, in a pcall, set by the file itself, or something whose presence the file asks
   * for: the module may well do without.
   */
  guarded: boolean;
}

/** A use of what a Prosody library exports. `called`: an error, not nil, when it is missing. */
interface MemberUse extends Use {
  library: string;
  called: boolean;
}

/** `called`: called or indexed, an error when it is missing. */
interface GlobalUse extends Use {
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
  /** Globals that the file does not set itself. In a condition's branch they are not guarded, but not `loading` either. */
  globals: GlobalUse[];
  /** Calls of the ad-hoc library's `new` without the permission it insists on. */
  openCommands: Use[];
  /** Globals that the file sets. */
  sets: string[];
  /** Calls of require or depends whose argument is no plain string. */
  dynamic: number;
}

interface Context extends Pick<Use, "loading" | "guarded"> {
  /** Behind `or`, in a pcall, or assigned to. */
  optional: boolean;
}

interface Place {
  node: Node;
  context: Context;
  /** What is called or indexed here. */
  called: boolean;
}

const atStart: Context = { loading: true, guarded: false, optional: false };

/**
 * Reads what a Lua file (one character per byte) asks for.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE; `where` names the file.
 */
export function scanLua(text: string, where: string): LuaScan {
  const chunk = parseLua(text, where);
  const names = namesIn(chunk);
  const scan = emptyScan(names);
  const open: Place[] = [{ node: chunk, context: atStart, called: false }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { node, context } = place;
    recordNode(scan, names, place);
    const children = childrenOf(node).toReversed();
    for (const child of children) {
      open.push({
        node: child,
        context: contextOf(child, node, context),
        called: "base" in node && node.base === child,
      });
    }
  }
  return {
    ...scan,
    methods: scan.methods.filter(({ name }) => !names.methods.has(name)),
    globals: scan.globals.filter(({ name }) => !names.globals.has(name)),
  };
}

function emptyScan({ globals }: LuaNames): LuaScan {
  const uses = { requires: [], methods: [], depends: [], parts: [], members: [], globals: [], openCommands: [] };
  return { ...uses, sets: [...globals], dynamic: 0 };
}

function recordNode(scan: LuaScan, names: LuaNames, { node, context, called }: Place): void {
  const where = whereOf(node, context);
  const certain = context.loading && !context.guarded;
  addGlobal(scan, { node, names, called }, { ...where, loading: certain, guarded: context.optional });
  if (node.type === "MemberExpression") addMember(scan, { node, names, called: false }, where);
  if (!isCall(node)) return;
  addMember(scan, { node: calledBy(node), names, called: true }, where);
  recordCommand(scan, names, { call: node, where });
  recordRequire(scan, node, where);
  recordProtected(scan, node, { ...where, guarded: true });
  recordMethod(scan, names, { call: node, where });
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

function recordMethod(scan: LuaScan, names: LuaNames, { call, where }: PlacedCall): void {
  const { base } = call;
  if (base.type !== "MemberExpression" || base.indexer !== ":" || !isNamed(base.base, "module")) return;
  const method = base.identifier.name;
  const [first, second] = argumentsOf(call);
  scan.methods.push({ ...where, name: method, guarded: where.guarded || names.tested.has(`.${method}`) });
  if (method === "require") addNamed(scan, scan.parts, { ...where, name: stringIn(first) });
  const guarded = where.guarded || isTrue(second);
  if (method === "depends") addNamed(scan, scan.depends, { ...where, name: moduleName(first), guarded });
}

// `module:depends(name, true)` does without a module that is disabled.
function isTrue(node: Expression | undefined): boolean {
  return node?.type === "BooleanLiteral" && node.value;
}

interface Target {
  node: Node;
  names: LuaNames;
  called: boolean;
}

function addGlobal(scan: LuaScan, { node, names, called }: Target, where: Where): void {
  if (node.type !== "Identifier" || isLocal(node) !== false) return;
  const guarded = where.guarded || names.tested.has(node.name);
  scan.globals.push({ name: node.name, ...where, guarded, called });
}

function addMember(scan: LuaScan, { node, names, called }: Target, where: Where): void {
  const member = memberOf(node, names);
  if (member === undefined) return;
  const guarded = where.guarded || names.tested.has(`.${member.name}`);
  scan.members.push({ ...where, ...member, guarded, called });
}

function memberOf(node: Node, names: LuaNames): ReturnType<typeof libraryMember> {
  if (node.type !== "Identifier") return libraryMember(node, names.libraries);
  return isLocal(node) && !names.tested.has(node.name) ? names.members.get(node.name) : undefined;
}

// `assert(stats.get, "not with this Prosody")` asks for it as much as a call does.
function calledBy(call: Call): Node {
  return isNamed(call.base, "assert") ? (argumentsOf(call)[0] ?? call.base) : call.base;
}

interface PlacedCall {
  call: Call;
  where: Where;
}

function recordCommand(scan: LuaScan, names: LuaNames, { call, where }: PlacedCall): void {
  const member = memberOf(call.base, names);
  const given = argumentsOf(call);
  const last = given.at(-1);
  // `...` or a call at the end may bring more.
  const isOpen = last !== undefined && (isCall(last) || last.type === "VarargLiteral");
  if (member?.library !== "module:adhoc" || member.name !== "new" || isOpen || given.length > 3) return;
  scan.openCommands.push({ name: "adhoc.new", ...where });
}

function addNamed(scan: LuaScan, uses: Use[], { name, ...where }: Where & { name: string | undefined }): void {
  if (name === undefined) scan.dynamic += 1;
  else uses.push({ name, ...where });
}

function contextOf(child: Node, parent: Node, context: Context): Context {
  if (child.type === "FunctionDeclaration") return functionContext(child, parent, context);
  if (isOptional(child, parent)) return { ...context, guarded: true, optional: true };
  return isBranch(child, parent) ? { ...context, guarded: true } : context;
}

function isOptional(child: Node, parent: Node): boolean {
  if (parent.type === "FunctionDeclaration") return child === parent.identifier;
  if (parent.type === "LogicalExpression") return child === parent.right;
  return parent.type === "AssignmentStatement" && parent.variables.some((variable) => variable === child);
}

function isBranch(child: Node, parent: Node): boolean {
  if (parent.type === "ElseClause") return true;
  return (parent.type === "IfClause" || parent.type === "ElseifClause") && child !== parent.condition;
}

// Prosody calls module.load and module.add_host itself while loading; a function given to pcall runs at once.
function functionContext(child: Node, parent: Node, context: Context): Context {
  if (isCall(parent) && parent.base === child) return context;
  if (isCall(parent) && isNamed(parent.base, "pcall", "xpcall")) {
    return { ...context, guarded: true, optional: true };
  }
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
  const { loading, guarded } = context;
  return { line: node.loc?.start.line ?? 0, loading, guarded };
}
