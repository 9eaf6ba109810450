/** What can be written as a Lua value. */
export type LuaValue =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly LuaValue[]
  | { readonly [key: string]: LuaValue };

/** A Lua expression of this value, ASCII only: bytes outside it are escaped, so it survives any pipe. */
export function renderLua(value: LuaValue): string {
  if (typeof value === "string") return quoteBytes(Buffer.from(value));
  if (value instanceof Uint8Array) return quoteBytes(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `{${value.map(renderLua).join(";")}}`;
  const fields = Object.entries(value).map(([key, item]) => `[${renderLua(key)}]=${renderLua(item)}`);
  return `{${fields.join(";")}}`;
}

// Array.isArray does not narrow a readonly array out of a union.
function isList(value: LuaValue): value is readonly LuaValue[] {
  return Array.isArray(value);
}

function quoteBytes(bytes: Uint8Array): string {
  return `"${Array.from(bytes, escapeByte).join("")}"`;
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (byte < 0x20 || byte > 0x7e) return `\\${String(byte).padStart(3, "0")}`;
  return character === "\\" || character === '"' ? `\\${character}` : character;
}
