import { expect, it } from "vitest";
import { quotedWords } from "./named-libraries.ts";

it("the words in quotes that could name a module are found once each", () => {
  const code = `local a, b = require "lxp", require('socket.core')\nrequire"lxp"; print("two words", "x/y", [[no]], '')`;
  expect(quotedWords(code)).toEqual(["lxp", "socket.core"]);
});
