import type { Check } from "@prosody-foundry/bake";
import type { Platform } from "@prosody-foundry/images";
import { type Exec, type Progress, Series } from "@prosody-foundry/kit";
import type { Lock } from "@prosody-foundry/lockfile";
import { checkOf, countOf, type ImageCheckName, notChecked } from "./image-check.ts";
import { type ExpectedFiles, judgeFiles, judgePackages } from "./judge-files.ts";
import { type ExpectedOrigin, judgeAttestations, judgeIndexProvenance, judgeProvenances } from "./judge-provenance.ts";
import { judgePins, type PinnedModule, readListings } from "./judge-sbom.ts";
import type { PublishedImage } from "./published.ts";
import { readPublished, type Resolved, resolveReference } from "./read-published.ts";
import { type Cosign, verifyAttestation, verifySignature } from "./run-cosign.ts";
import type { TrustedSigner } from "./signer.ts";
import { provenanceType } from "./statement.ts";
import { type PublicCommand, publicCommands } from "./verify-commands.ts";

/** Which lock an image is held against. */
export interface ChosenLock {
  lock: Lock;
  /** What it is, for people: `modules.lock.json of commit abc`. */
  name: string;
}

export interface VerifyImageRequest {
  exec: Exec;
  /** Paths of the two programs. */
  tools: { cosign: string; crane: string };
  progress: Progress;
  /** With tag or digest. */
  reference: string;
  trusted: TrustedSigner;
  /** Address of the sources that provenance and annotations have to name. */
  source: string;
  /** Regular expression that the builder's id has to match whole. */
  builder: string;
  /** Only these; all of the index unless given. */
  platforms?: readonly Platform[];
  /** The lock for an image that says it was built at this commit. */
  chooseLock: (revision: string | null) => Promise<ChosenLock>;
  /** The content hash a module with local patches has to have in the image. */
  patchedFiles: (module: PinnedModule, lock: Lock) => Promise<ExpectedFiles>;
}

export interface VerifiedImage {
  reference: string;
  repository: string;
  digest: string;
  /** Commit it says it was built at. */
  revision: string | null;
  series: Series | null;
  platforms: Platform[];
  checks: Check[];
  /** What the lock was called; null where it was not looked at. */
  lock: string | null;
  /** The modules of the image as they are locked there. */
  modules: PinnedModule[];
  /** How to check the same without foundry. */
  commands: PublicCommand[];
}

/**
 * Checks a published image as a stranger would: the name is looked up once, all else goes by digest. Everything that can be
 * judged is judged, whatever failed before.
 * @throws UserError REFERENCE_MALFORMED, IMAGE_UNREACHABLE, and those of `chooseLock`
 */
export async function verifyImage(request: VerifyImageRequest): Promise<VerifiedImage> {
  const { exec, tools, reference, progress } = request;
  const crane = { exec, crane: tools.crane };
  const resolved = await resolveReference(crane, reference);
  progress(`Reading ${resolved.repository}@${resolved.digest}`);
  const image = await readPublished(crane, resolved, { platforms: request.platforms, layers: true });
  const annotations = image.index?.annotations ?? {};
  const revision = annotations["org.opencontainers.image.revision"] ?? null;
  const series = Series.safeParse(annotations["org.prosody-foundry.series"]).data ?? null;
  const signed = await checkSigner(request, image, revision);
  const inside = await checkInside(request, { image, revision, series });
  const { platforms } = image;
  return {
    reference,
    ...resolved,
    revision,
    series,
    platforms: platforms.map(({ platform }) => platform),
    checks: [checkIndex(request, image, series), checkContent(image), ...signed, ...inside.checks],
    lock: inside.lock,
    modules: inside.modules,
    commands: publicCommands({ ...request, ...resolved, platforms }),
  };
}

function checkIndex({ source, platforms }: VerifyImageRequest, image: PublishedImage, series: Series | null): Check {
  const { index, digest, faults } = image;
  if (index === undefined) return checkOf("index", { faults: faults.slice(0, 1), good: "" });
  const found = image.platforms.map(({ platform }) => platform);
  const said = index.annotations?.["org.opencontainers.image.source"];
  return checkOf("index", {
    faults: [
      ...(said === source ? [] : [`it says it comes from ${said ?? "nowhere"}, not from ${source}`]),
      ...(series === null ? ["it does not say which series of Prosody it is"] : []),
      ...(found.length === 0 ? ["it has no image"] : []),
      ...(platforms ?? []).filter((platform) => !found.includes(platform)).map((each) => `it has no image for ${each}`),
      ...found.filter((each, at) => found.indexOf(each) !== at).map((each) => `it has two images for ${each}`),
    ],
    good: `${digest}: ${found.join(", ")}`,
  });
}

function checkContent({ index, faults, compared }: PublishedImage): Check {
  if (index === undefined) return notChecked("content", unread);
  return checkOf("content", { faults, good: `${countOf(compared, "blob")} are what their descriptors say` });
}

const unread = "the index cannot be read";

function originOf(request: VerifyImageRequest, revision: string | null): ExpectedOrigin {
  return { source: request.source, builder: request.builder, revision };
}

async function checkSigner(
  request: VerifyImageRequest,
  image: PublishedImage,
  revision: string | null,
): Promise<Check[]> {
  const { trusted, progress } = request;
  const cosign: Cosign = { exec: request.exec, cosign: request.tools.cosign };
  const reference = `${image.repository}@${image.digest}`;
  progress(`Asking cosign about ${reference}`);
  const signature = await verifySignature(cosign, reference, trusted);
  const attested = await verifyAttestation(cosign, reference, { predicateType: provenanceType, trusted });
  return [
    checkOf("signature", {
      faults: signatureFaults(signature, image),
      good: `by ${nameOf(trusted)}, of ${image.digest}`,
    }),
    checkOf(
      "signed provenance",
      attested.refused === undefined
        ? judgeIndexProvenance(attested.found, image.digest, {
            expected: originOf(request, revision),
            platforms: image.platforms,
          })
        : { faults: [`not attested by ${nameOf(trusted)}: ${attested.refused}`], good: "" },
    ),
  ];

  function signatureFaults({ found, refused }: typeof signature, { digest }: Resolved): string[] {
    if (refused !== undefined) return [`not signed by ${nameOf(trusted)}: ${refused}`];
    return found.includes(digest) ? [] : [`the signature is of ${found.join(", ") || "nothing"}, not of ${digest}`];
  }
}

function nameOf(trusted: TrustedSigner): string {
  return trusted.kind === "key" ? `the key ${trusted.publicKey}` : `${trusted.identity} (${trusted.issuer})`;
}

interface Inside {
  checks: Check[];
  lock: string | null;
  modules: PinnedModule[];
}

const insideNames = ["attestations", "provenance", "SBOM", "module pins", "module files", "packages"] as const;

async function checkInside(
  request: VerifyImageRequest,
  { image, revision, series }: { image: PublishedImage; revision: string | null; series: Series | null },
): Promise<Inside> {
  const { platforms } = image;
  if (platforms.length === 0) return { checks: notAll(insideNames, "no image can be read"), lock: null, modules: [] };
  const { listings, judged } = readListings(platforms);
  const first = [
    checkOf("attestations", judgeAttestations(image)),
    checkOf("provenance", judgeProvenances(platforms, originOf(request, revision))),
    checkOf("SBOM", judged),
  ];
  if (series === null) {
    const checks = notAll(["module pins", "module files", "packages"], "the index names no series");
    return { checks: [...first, ...checks], lock: null, modules: [] };
  }
  const { lock, name } = await request.chooseLock(revision);
  const pins = judgePins(listings, { lock, series });
  const files = platforms.flatMap((each) => (each.files === undefined ? [] : [{ ...each, files: each.files }]));
  const expected = await expectFiles(request, pins.pinned, lock);
  const last =
    files.length < platforms.length
      ? notAll(["module files", "packages"], "not every layer can be read")
      : [
          checkOf("module files", judgeFiles(files, listings, expected)),
          checkOf("packages", judgePackages(files, listings)),
        ];
  const good = `${pins.judged.good} in ${name}`;
  return {
    checks: [...first, checkOf("module pins", { ...pins.judged, good }), ...last],
    lock: name,
    modules: pins.pinned,
  };
}

function notAll(names: readonly ImageCheckName[], because: string): Check[] {
  return names.map((name) => notChecked(name, because));
}

async function expectFiles(
  { patchedFiles }: VerifyImageRequest,
  pinned: readonly PinnedModule[],
  lock: Lock,
): Promise<Map<string, ExpectedFiles>> {
  const expected = new Map<string, ExpectedFiles>();
  for (const module of pinned) {
    const isPatched = (lock.modules[module.key]?.patches.length ?? 0) > 0;
    const own = { integrity: module.pin.integrity };
    expected.set(module.name, isPatched ? await patchedFiles(module, lock) : own);
  }
  return expected;
}
