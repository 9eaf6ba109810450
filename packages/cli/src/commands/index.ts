import type { CommandSpec } from "../command.ts";
import { build } from "./build.ts";
import { bump } from "./bump.ts";
import { compat } from "./compat.ts";
import { doctor } from "./doctor.ts";
import { exportBuild } from "./export.ts";
import { importBuild } from "./import.ts";
import { lockMerge } from "./lock-merge.ts";
import { matrix } from "./matrix.ts";
import { moduleAdd } from "./module-add.ts";
import { moduleDiff } from "./module-diff.ts";
import { moduleOutdated } from "./module-outdated.ts";
import { moduleRemove } from "./module-remove.ts";
import { moduleSearch } from "./module-search.ts";
import { moduleShow } from "./module-show.ts";
import { moduleUpdate } from "./module-update.ts";
import { moduleVerify } from "./module-verify.ts";
import { moduleWhy } from "./module-why.ts";
import { packagesDiff } from "./packages-diff.ts";
import { packagesUpdate } from "./packages-update.ts";
import { notes } from "./notes.ts";
import { plan } from "./plan.ts";
import { propose } from "./propose.ts";
import { publish } from "./publish.ts";
import { retire } from "./retire.ts";
import { seriesUpdate } from "./series-update.ts";
import { setup } from "./setup.ts";
import { site } from "./site.ts";
import { sourceAdd } from "./source-add.ts";
import { start } from "./start.ts";
import { tags } from "./tags.ts";
import { verify } from "./verify.ts";
import { yank } from "./yank.ts";
import { verifyImage } from "./verify-image.ts";
import { version } from "./version.ts";

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  start,
  setup,
  doctor,
  moduleAdd,
  moduleRemove,
  moduleUpdate,
  moduleOutdated,
  moduleDiff,
  moduleSearch,
  moduleShow,
  moduleWhy,
  moduleVerify,
  sourceAdd,
  lockMerge,
  bump,
  compat,
  propose,
  seriesUpdate,
  packagesUpdate,
  packagesDiff,
  plan,
  matrix,
  build,
  exportBuild,
  importBuild,
  verify,
  verifyImage,
  tags,
  site,
  version,
  notes,
  publish,
  yank,
  retire,
];
