import { setup as setupEngine } from "./setup.ts";
import { loadAppArmor } from "./fixtures/confinement.ts";
import { ensurePeersImage } from "./fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries } from "./fixtures/prosody-image.ts";

/** Once before the tests of the image, which run side by side: what they all need. */
export async function setup(): Promise<void> {
  // Tests that are only listed need nothing, and what they would need may not be had from here.
  if (process.env["FOUNDRY_TEST_LISTED"] !== undefined) return;
  await setupEngine();
  await loadAppArmor();
  for (const series of imageSeries) await ensureProsodyImage(series);
  await ensurePeersImage();
}
