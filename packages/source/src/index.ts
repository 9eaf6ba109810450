export { checkContent } from "./check.ts";
export { integrityOf, makeContent, type ModuleContent, type ModuleFile, shippingFiles, treeOf } from "./content.ts";
export { type EnsuredContent, ensureContent } from "./ensure-content.ts";
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
export { openSource } from "./sources.ts";
