import { makeContent, type ModuleContent } from "./content.ts";
import { patchModule } from "./patches.ts";

/** For tests: thirty lines. */
export const mainText = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join("");

/** For tests: texts with one character per byte; a path that ends with "*" is executable. */
export type Shape = Record<string, string>;

export function contentOf(files: Shape): ModuleContent {
  const made = Object.entries(files).map(([path, text]) => ({
    path: path.replace(/\*$/u, ""),
    executable: path.endsWith("*"),
    bytes: Buffer.from(text, "latin1"),
  }));
  return makeContent("mod_x", made);
}

export function shapeOf(content: ModuleContent): Shape {
  return Object.fromEntries(
    content.files.map(({ path, executable, bytes }) => [
      `${path}${executable ? "*" : ""}`,
      Buffer.from(bytes).toString("latin1"),
    ]),
  );
}

/** The files after these patches. */
export function patchShape(files: Shape, ...texts: string[]): Shape {
  const patches = texts.map((text, index) => ({ file: `patches/mod_x/${index + 1}.patch`, text }));
  return shapeOf(patchModule(contentOf(files), patches));
}

export function headOf(name: string): string {
  return `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n`;
}

/** A patch for `mainText`, and what comes of it. */
export const middlePatch = `${headOf("mod_x.lua")}@@ -9,3 +9,4 @@ local x\n line 9\n-line 10\n+line ten\n+more\n line 11\n`;
export const middleText = mainText.replace("line 10\n", "line ten\nmore\n");
