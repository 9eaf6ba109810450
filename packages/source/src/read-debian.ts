import { UserError } from "@prosody-foundry/kit";
import { checkContent } from "./check.ts";
import type { ModuleContent, ModuleFile } from "./content.ts";
import { collectDebianModules, type DebianRevision, isDebianModuleFile, parseDebianVersion } from "./debian.ts";
import type { PinReading } from "./reading.ts";
import { unknownModule, unknownRevision } from "./revision.ts";
import type { SourceContext, SourceSpec } from "./source.ts";
import { readTar } from "./read-tar.ts";
import { unzip } from "./tar.ts";

interface DebianTree {
  revision: DebianRevision;
  modules: Map<string, ModuleContent>;
}

/**
 * The prosody-modules package of a suite: one revision, known by 12 digits, of the modules Debian's maintainers chose.
 * Debian patches a few, so it is never exact; a hash decides.
 */
export function openDebian(spec: SourceSpec, context: SourceContext): PinReading {
  let tree: Promise<DebianTree> | undefined;
  const open = async (): Promise<DebianTree> => {
    tree ??= readPackage(spec, context);
    return tree;
  };
  const openAt = async (node: string): Promise<DebianTree> => {
    const opened = await open();
    const [long, short] = node.length > 12 ? [node, opened.revision.node] : [opened.revision.node, node];
    if (!long.startsWith(short)) throw unknownRevision(node, spec);
    return opened;
  };
  return {
    readNewest: async () => (await open()).revision,
    resolveRevision: async (prefix) => (await openAt(prefix)).revision,
    listModules: async (node) => [...(await openAt(node)).modules.keys()].toSorted(),
    readModule: async (node, name) => pick(await openAt(node), name, spec),
    readPinned: async (pin) => ({ content: pick(await open(), pin.name, spec), exact: false }),
    readLineDates: async () => null,
    readLog: async () => null,
    readHistory: async () => {
      throw new UserError("SOURCE_NO_HISTORY", `Debian's ${spec.url} knows one revision and no history`, {
        hint: "Ask a source of kind hg or git.",
      });
    },
  };
}

async function readPackage(spec: SourceSpec, context: SourceContext): Promise<DebianTree> {
  const { version, tar } = await context.fetchDebian({ suite: spec.url, package: "prosody-modules" });
  const revision = parseDebianVersion(version);
  if (revision === undefined) {
    throw new UserError("SOURCE_INVALID", `prosody-modules ${version} of ${spec.url} names no Mercurial revision`, {
      hint: "Choose a suite whose package has a version like 0.0~hg20250402.f315edc39f3d+dfsg-2.",
    });
  }
  const files = await readTar(tar, `prosody-modules ${version}`, isDebianModuleFile);
  const modules = collectDebianModules(await Promise.all(files.map(unzipReadme)));
  for (const content of modules.values()) checkContent(content);
  return { revision, modules };
}

// Debian compresses long READMEs.
async function unzipReadme(file: ModuleFile): Promise<ModuleFile> {
  if (!/\/README_[^/]+\.gz$/u.test(file.path)) return file;
  const bytes = await unzip(file.bytes, file.path, 1024 * 1024);
  return { ...file, path: file.path.slice(0, -".gz".length), bytes };
}

function pick(tree: DebianTree, name: string, spec: SourceSpec): ModuleContent {
  const content = tree.modules.get(name);
  if (content === undefined) throw unknownModule(name, spec, [...tree.modules.keys()]);
  return content;
}
