import { UserError } from "@prosody-foundry/kit";
import { type Chunk, parse } from "luaparse";

// Upstream's largest file has 64 KiB and 1200 names. The parser's time grows with the product of both.
const maxLua = 256 * 1024;
const maxNames = 5000;
const hint = "Patch the file, or pin another revision of the module.";

/**
 * The syntax tree of Lua text (one character per byte), identifiers marked local or not.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE; `where` names the file.
 */
export function parseLua(text: string, where: string): Chunk {
  if (text.length > maxLua) throw new UserError("LUA_TOO_LARGE", `${where} is larger than 256 KiB`, { hint });
  const names = new Set(text.match(/[A-Za-z_]\w*/gu));
  if (names.size > maxNames)
    throw new UserError("LUA_TOO_LARGE", `${where} uses more than ${maxNames} names`, { hint });
  try {
    return parseChunk(text);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UserError("LUA_TOO_DEEP", `${where} is nested too deeply to be read`, { hint, cause: error });
    }
    throw new UserError("LUA_SYNTAX", `${where} is no Lua: ${messageOf(error)}`, { hint, cause: error });
  }
}

// luaparse knows Lua up to 5.3; of 5.4 only the attributes are new in syntax.
function parseChunk(text: string): Chunk {
  const source = text.replace(/^\u00EF\u00BB\u00BF/u, "");
  try {
    return parseSource(source);
  } catch (error) {
    const older = source.replace(/<(?:const|close)>/gu, (attribute) => " ".repeat(attribute.length));
    if (older === source) throw error;
    return parseSource(older);
  }
}

function parseSource(text: string): Chunk {
  const options = {
    luaVersion: "5.3",
    encodingMode: "pseudo-latin1",
    comments: false,
    scope: true,
    locations: true,
  } as const;
  return parse(text, options);
}

// Where a file begins with a character of no use to Lua, luaparse trips over its own message with a TypeError.
function messageOf(error: unknown): string {
  return error instanceof SyntaxError ? error.message.slice(0, 200) : "its first character has no meaning";
}
