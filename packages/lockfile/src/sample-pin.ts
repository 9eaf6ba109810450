import type { Pin } from "./schema.ts";

/** A pin for tests. */
export const samplePin: Pin = {
  layout: "standard",
  licence: "MIT",
  stage: null,
  depends: [],
  optional: [],
  libraries: {},
  node: "a".repeat(40),
  date: "2024-01-02",
  revision: 1,
  tree: "b".repeat(40),
  integrity: "c".repeat(64),
  hosts: ["virtual-host"],
  refused: [],
};
