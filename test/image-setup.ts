import { setup as setupEngine } from "./setup.ts";
import { loadAppArmor } from "./fixtures/confinement.ts";
import { ensurePeersImage } from "./fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries } from "./fixtures/prosody-image.ts";

/** Once before the tests of the image, which run side by side: what they all need. */
export async function setup(): Promise<void> {
  await setupEngine();
  await loadAppArmor();
  for (const series of imageSeries) await ensureProsodyImage(series);
  await ensurePeersImage();
}
