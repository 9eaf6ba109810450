import { rm } from "node:fs/promises";
import path from "node:path";
import { json, text } from "../../fixtures/repository-faults.ts";
import { image, packages, plan, type Row, series } from "./row.ts";

/** Declarations with a fault in them. */
export const declaredRows: Row[] = [
  {
    title: "an image.json with a misspelt field",
    args: plan,
    arrange: text(image, (before) => before.replace('"optional"', '"optoinal"')),
    code: "IMAGE_MALFORMED",
    says: /image\.json: modules: .*"optoinal"/u,
    hint: /Did you mean optional\?/u,
  },
  {
    title: "an image.json that is no JSON",
    args: plan,
    arrange: text(image, (before) => before.replace(":", "")),
    code: "IMAGE_MALFORMED",
    says: /image\.json:2:\d+ is no JSON/u,
    hint: /\S/u,
  },
  {
    title: "a module named twice",
    args: plan,
    arrange: json(image, { optional: ["mod_lastlog2"] }, ["modules"]),
    code: "IMAGE_MALFORMED",
    says: /mod_lastlog2 is named twice/u,
    hint: /\S/u,
  },
  {
    title: "a series.json with a misspelt field",
    args: plan,
    arrange: json(series, { defualt: "13.0" }),
    code: "SERIES_MALFORMED",
    says: /series\.json: .*"defualt"/u,
    hint: /Did you mean default\?/u,
  },
  {
    title: "a series.json that is no JSON",
    args: plan,
    arrange: text(series, () => "{"),
    code: "SERIES_MALFORMED",
    says: /series\.json:1:2 is no JSON/u,
    hint: /\S/u,
  },
  {
    title: "a release out of order",
    args: plan,
    arrange: json(series, { version: "13.0.9" }, ["series", "13.0", "releases", "1"]),
    code: "SERIES_MALFORMED",
    says: /13\.0\.9 is newer than the one before it/u,
    hint: /\S/u,
  },
  {
    title: "a package that was never locked",
    args: plan,
    arrange: json(image, { all: ["lua5.4", "no-such-package"] }, ["packages"]),
    code: "PACKAGE_NOT_LOCKED",
    says: /prosody on 13\.0 wants no-such-package of Debian trixie for linux/u,
    hint: /foundry packages update/u,
  },
  {
    title: "a package lock that is gone",
    args: plan,
    arrange: ({ root }) => rm(path.join(root, packages)),
    code: "PACKAGES_MISSING",
    says: /no images\/prosody\/packages\.lock\.json/u,
    hint: /foundry packages update prosody/u,
  },
  {
    title: "a package lock with a hash cut short",
    args: plan,
    arrange: text(packages, (before) => before.replace(/[0-9a-f]{64} /u, "abc ")),
    code: "PACKAGES_MALFORMED",
    says: /packages\.lock\.json: suites\.bookworm.*is no SHA-256/u,
    hint: /git checkout/u,
  },
];
