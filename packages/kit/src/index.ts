export { UserError, isUserError, type UserErrorOptions } from "./error.ts";
export { canonicalJson, compareText, prettyJson, sha256 } from "./hash.ts";
export { didYouMean } from "./nearest.ts";
export { type TextOrigin, checkShape, parseJson } from "./parse-json.ts";
export { type Progress, silent } from "./progress.ts";
export { type CommandOptions, type CommandResult, type Exec, runCommand } from "./run-command.ts";
export { type ExclusiveOptions, runExclusive } from "./run-exclusive.ts";
export { Series, allSeries } from "./series.ts";
export { writeFileWhole } from "./write-file.ts";
