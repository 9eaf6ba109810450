import { type Platform, platformOf } from "@prosody-foundry/images";
import { z } from "zod";

const Descriptor = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/u),
  size: z.number().int().nonnegative(),
  platform: z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
});

/** A manifest or an index, of which only the references matter here; other fields stay as they are. */
const Content = z.looseObject({
  manifests: z.array(Descriptor).optional(),
  config: Descriptor.optional(),
  layers: z.array(Descriptor).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

export interface Reference {
  digest: string;
  size: number;
}

/** What a manifest or index points to. */
export interface Contents {
  manifests: Reference[];
  blobs: Reference[];
  /** Bytes of the layers. */
  size: number;
  platforms: Partial<Record<Platform, string>>;
  /** When it was put together, where it says so: its `created` is that of its files, the same for weeks. */
  built: string | undefined;
}

/** Undefined for what is no manifest. */
export function parseContents(text: string): Contents | undefined {
  const parsed = Content.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { manifests = [], config, layers = [], annotations = {} } = parsed.data;
  const platforms: Contents["platforms"] = {};
  for (const { digest, platform } of manifests) {
    const name = platform === undefined ? undefined : platformOf(platform);
    if (name !== undefined) platforms[name] = digest;
  }
  const built = z.iso.datetime().safeParse(annotations["org.prosody-foundry.built"]);
  let size = 0;
  for (const layer of layers) size += layer.size;
  return {
    manifests: manifests.map(referenceOf),
    blobs: (config === undefined ? layers : [config, ...layers]).map(referenceOf),
    size,
    platforms,
    built: built.data,
  };
}

function referenceOf({ digest, size }: Reference): Reference {
  return { digest, size };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
