import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Feature, features } from "../fixtures/compliance/features.ts";
import { component, owners } from "../fixtures/compliance/invitations.ts";
import { renewOffers } from "../fixtures/compliance/offers.ts";
import { proofs } from "../fixtures/compliance/proofs.ts";
import { type Scene, admin, openScene } from "../fixtures/compliance/scene.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const all = Object.entries<Feature>(features);
const owner = {
  PROSODY_ADMINS: `${admin}@example.net`,
  PROSODY_CONTACT_ABUSE: "mailto:abuse@example.net",
  PROSODY_EXTERNAL_COMPONENTS: `${component.name}:${component.secret}`,
  PROSODY_COMPONENT_INTERFACES: "*",
};
const known = new Map(Object.entries(proofs));

describe.each(imageSeries)("a server of %s with its domain alone", (series) => {
  let scene: Scene;
  let owned: Scene;

  beforeAll(async () => {
    await useEngine();
    const image = await ensureProsodyImage(series);
    [scene, owned] = await Promise.all([
      openScene({ image, series, domain: "example.org", env: {} }),
      openScene({ image, series, domain: "example.net", env: owner }),
    ]);
  });
  afterAll(async () => {
    await scene?.close();
    await owned?.close();
  });

  for (const [name, feature] of all) {
    const proof = known.get(name);
    if (proof === undefined || feature.not?.[series] !== undefined) continue;
    it.concurrent(`${feature.spec}: ${feature.what}`, async ({ skip }) => {
      const missing = whyNot(scene, feature);
      skip(missing !== undefined, missing);
      await expect(proof(name in owners ? owned : scene)).resolves.toBeUndefined();
    });
  }
});

/** Why this very image does not offer what its series does. */
function whyNot({ release, series, modules }: Scene, { not, by }: Feature): string | undefined {
  const module = by?.[series];
  if (module !== undefined && !modules.includes(module)) return `this image has no ${module}`;
  return not?.[release];
}

it("what is missing has a reason, and what has none a proof", () => {
  const without = all.filter(([, feature]) => feature.no === undefined).map(([name]) => name);
  expect(without.toSorted()).toEqual([...known.keys()].toSorted());
});

it("the README says what it offers", async () => {
  const { present, renewed } = await renewOffers();
  expect(present).toBe(renewed);
});
