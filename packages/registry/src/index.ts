export { agreementOf, renderAgreement } from "./agreement.ts";
export { type Disagreement, disagreementsOf } from "./disagreements.ts";
export { groupLoads } from "./format.ts";
export { findKnown, type KnownModule, knownModules, knownReleases, type Releases, sortVersions } from "./known.ts";
export { readSurvey, readSurveys } from "./read-survey.ts";
export type { Load, Survey, SurveyedModule } from "./schema.ts";
export { type FoundModule, searchModules } from "./search.ts";
export { distinctWords } from "./words.ts";
export { updateSurvey } from "./write-survey.ts";
