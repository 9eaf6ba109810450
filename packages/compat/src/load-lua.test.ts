import { expect, it } from "vitest";
import { renderLua } from "./load-lua.ts";

it.each([
  ["a string", "plain", `"plain"`],
  ["quotes and backslashes", `say "\\n"`, `"say \\"\\\\n\\""`],
  ["line ends and bytes that are no ASCII", "a\n1ä", `"a\\0101\\195\\164"`],
  ["bytes as they are", Uint8Array.of(0, 255, 65), `"\\000\\255A"`],
  ["numbers and booleans", [1, 0.5, true], "{1;0.5;true}"],
  ["an empty list", [], "{}"],
  ["tables in tables", { a: { "b c": ["d"] } }, `{["a"]={["b c"]={"d"}}}`],
])("%s is written as Lua", (_what, value, lua) => {
  expect(renderLua(value)).toBe(lua);
});
