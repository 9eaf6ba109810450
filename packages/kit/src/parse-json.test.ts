import { expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "./error.ts";
import { checkShape, parseJson } from "./parse-json.ts";

const origin = { file: "images/x/image.json", code: "IMAGE_MALFORMED" };
const Shape = z.strictObject({ title: z.string(), modules: z.strictObject({ required: z.array(z.string()) }) });

it.each([
  ["an unknown word", '{"a": x}', "1:7"],
  ["a missing colon", '{"a":1,\n "b" 2}', "2:6"],
  ["an open object", '{"a":1', "1:7"],
  ["a comma too many", "[1,2,]", "1:6"],
  ["nothing", "", "1:1"],
  ["a comment", '{\n// why\n"a":1}', "2:1"],
  ["two values", "{}\n{}", "2:1"],
])("JSON with %s is refused with line and column", (_, text, where) => {
  const error = caught(() => parseJson(text, origin));
  expect(error.code).toBe("IMAGE_MALFORMED");
  expect(error.message).toContain(`images/x/image.json:${where} is no JSON`);
});

it("good JSON is returned", () => {
  expect(parseJson('{"a":[1]}', origin)).toEqual({ a: [1] });
});

it("a wrong field is named by its path", () => {
  const error = caught(() => checkShape(Shape, { title: "t", modules: { required: ["a", 2] } }, origin));
  expect(error.message).toContain("images/x/image.json: modules.required[1]: ");
});

it("a misspelt field is answered with the nearest one", () => {
  const error = caught(() => checkShape(Shape, { title: "t", modules: { required: [], requird: [] } }, origin));
  expect(error.message).toContain('modules: Unrecognized key: "requird"');
  expect(error.hint).toBe("Did you mean required?");
});

it("a wrong field inside a union is named by its path", () => {
  const Union = z.strictObject({
    pin: z.union([z.strictObject({ none: z.string() }), z.strictObject({ node: z.string() })]),
  });
  expect(caught(() => checkShape(Union, { pin: { node: 1 } }, origin)).message).toContain("pin.node: ");
});

function caught(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
