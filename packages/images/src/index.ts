export { referenceTo } from "./choose.ts";
export { type PlanExplanation, explainPlan, formatExplanation } from "./explain.ts";
export { selectImages } from "./images.ts";
export { exporterSettings, idOf } from "./inputs.ts";
export * from "./manifest.ts";
export { compareDebian } from "./debian-version.ts";
export { type ListedRelease, parseListing } from "./listing.ts";
export { modulesLua } from "./modules-lua.ts";
export { narrowTarget } from "./narrow.ts";
export { buildSuite } from "./builder-packages.ts";
export { cvesBetween } from "./changelog.ts";
export { type PackageChange, architecturesOf, diffPackages } from "./package-diff.ts";
export { type ListName, LockedPackage, PackageLock, packagesFor } from "./package-lock.ts";
export { type ResolvedWish, keepSuites, lacksSecurity, updatePackageLock } from "./package-update.ts";
export { type PackageWish, builderWishes, suitesOf, wishesOf } from "./package-wishes.ts";
export { type PlanRequest, planTargets } from "./plan.ts";
export { Platform, platformNames, platformOf, platformWord } from "./platform.ts";
export { type TargetPackages, choosePackages } from "./locked-packages.ts";
export {
  type PackageLocks,
  emptyPackageLock,
  packageLockFile,
  readPackageLock,
  readPackageLocks,
} from "./read-package-locks.ts";
export { writePackageLock } from "./write-package-lock.ts";
export { findDockerfile, readImages, readSeries } from "./read-images.ts";
export { type ReleaseChoice, isRetired, newestRelease, releasesOf } from "./releases.ts";
export { retireSeries } from "./retire.ts";
export { type Refused, type Resolution, bucketOf, resolveModules, surveyModules } from "./resolve.ts";
export type { ResolveRequest } from "./settle.ts";
export {
  type DebianSource,
  isAheadOfSources,
  isNewBinary,
  newerVersions,
  upstreamOfDebian,
  withMirrors,
} from "./series-news.ts";
export { changeSeries, changeSeriesText, type SeriesChange } from "./series-text.ts";
export { type Standing, standingOn } from "./standing.ts";
export type { Plan, ShippedModule, Target, UnshippedModule } from "./target.ts";
export { compareUpstream, seriesOfVersion } from "./versions.ts";
export { type Why, explainWhy, formatWhy } from "./why.ts";
