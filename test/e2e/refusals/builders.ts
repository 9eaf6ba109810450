import type { Row } from "./row.ts";

/** Builders, caches and builds of other machines that are not there. */
export const buildersRows: Row[] = [
  {
    title: "a cache of no kind",
    args: ["build", "--series", "13.0", "--cache", "inline"],
    code: "CACHE_UNKNOWN",
    says: /"inline"/u,
    hint: /--cache registry=HOST\/REPOSITORY/u,
  },
  {
    title: "a builder that buildx does not know",
    args: ["--builder", "nobody", "build", "--available", "--series", "13.0"],
    code: "BUILDER_UNKNOWN",
    says: /"nobody"/u,
    hint: /docker buildx ls/u,
  },
  {
    title: "an export of what is not built",
    args: ["export", "--series", "13.0", "--output", "parts"],
    code: "NOT_BUILT",
    says: /prosody-13-0 is not built for linux\/\w+/u,
    hint: /foundry build prosody --series 13\.0 --platform linux\/\w+/u,
  },
  {
    title: "an export to nowhere",
    args: ["export", "--series", "13.0"],
    exitCode: 2,
    code: "error",
    says: /required option '--output <folder>'/u,
    hint: /not specified/u,
  },
  {
    title: "an import of a folder without builds",
    args: ["import", "images"],
    code: "BUILD_REFUSED",
    says: /images has no build in it/u,
    hint: /foundry export/u,
  },
];
