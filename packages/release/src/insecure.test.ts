import { expect, it } from "vitest";
import { insecureArgs } from "./insecure.ts";

it.each([
  ["crane", ["digest", "a/b"], "digest --insecure a/b"],
  [
    "cosign",
    ["verify", "--key", "k", "a/b"],
    "verify --allow-http-registry=true --allow-insecure-registry=true --key k a/b",
  ],
  ["cosign", ["signing-config", "create"], "signing-config create"],
] as const)("tells %s of it only where it reaches for a registry", (program, args, line) => {
  expect(insecureArgs(program, args).join(" ")).toBe(line);
});
