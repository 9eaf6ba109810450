export { checkContent } from "./check.ts";
export { integrityOf, makeContent, type ModuleContent, type ModuleFile, shippingFiles, treeOf } from "./content.ts";
export { type ContentDiff, diffContents, type FileDiff } from "./diff-contents.ts";
export { type EnsuredContent, ensureContent } from "./ensure-content.ts";
export { patchModule } from "./patches.ts";
export type { PatchText } from "./patches-file.ts";
export { type LocalPatch, readPatches } from "./read-patches.ts";
export { readableText } from "./readable-text.ts";
export type {
  Candidate,
  Changeset,
  DebianPackage,
  DebianRequest,
  Fetch,
  PinnedModule,
  RevisionDate,
  Source,
  SourceContext,
  SourceSpec,
} from "./source.ts";
export { type Fate, fateOf, historyOf, type LoggedChangeset, type TreeLog } from "./log.ts";
export { openSource } from "./sources.ts";
