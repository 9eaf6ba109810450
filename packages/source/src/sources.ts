import { checkFilePath, checkModuleName, checkRevision } from "./revision.ts";
import { type Location, locateSource } from "./location.ts";
import { openDebian } from "./read-debian.ts";
import { openDirectory } from "./read-directory.ts";
import { openGit } from "./read-git.ts";
import { openHg } from "./read-hg.ts";
import type { PinReading } from "./reading.ts";
import type { Source, SourceContext, SourceSpec } from "./source.ts";

type OpenKind = (spec: SourceSpec, context: SourceContext, location: Location) => PinReading;

const kinds = {
  hg: openHg,
  git: openGit,
  debian: openDebian,
  directory: (spec, _context, location) => openDirectory(spec, location),
} satisfies Record<SourceSpec["kind"], OpenKind>;

/**
 * A tree of modules to read from. Nothing is fetched before it is asked for.
 * @throws UserError SOURCE_INVALID; from the methods: SOURCE_UNREACHABLE, REVISION_UNKNOWN, MODULE_UNKNOWN,
 * FILE_UNKNOWN, SOURCE_NO_HISTORY, CONTENT_UNSAFE, ARCHIVE_MALFORMED, CACHE_CORRUPT, CACHE_UNWRITABLE, HG_MISSING, GIT_MISSING,
 * HGWEB_LACKING, BUSY
 */
export function openSource(spec: SourceSpec, context: SourceContext): Source {
  const location = locateSource(spec, context);
  const open: OpenKind = kinds[spec.kind];
  const reading = open(spec, context, location);
  return {
    spec,
    location: spec.kind === "debian" ? `Debian ${spec.url}` : location.address,
    readModule: async (node, name) => {
      checkRevision(node, spec);
      checkModuleName(name, spec);
      return reading.readModule(node, name);
    },
    readNewest: () => reading.readNewest(),
    listModules: async (node) => {
      checkRevision(node, spec);
      return reading.listModules(node);
    },
    readHistory: async (name, node) => {
      checkModuleName(name, spec);
      if (node !== undefined) checkRevision(node, spec);
      return reading.readHistory(name, node);
    },
    readLog: () => reading.readLog(),
    readLineDates: async (node, name, path) => {
      checkRevision(node, spec);
      checkModuleName(name, spec);
      checkFilePath(path, spec);
      return reading.readLineDates(node, name, path);
    },
    resolveRevision: async (prefix) => {
      checkRevision(prefix, spec);
      return reading.resolveRevision(prefix);
    },
    readPinned: async (pin) => {
      checkRevision(pin.node, spec);
      checkModuleName(pin.name, spec);
      return reading.readPinned(pin);
    },
  };
}
