-- Each host gets the certificate that fits it; Prosody itself finds none in the folder that it is told.

local host_certificates = require("foundry.host-certificates")

return function(context, set)
  local values = context.values
  local known = { table.unpack(context.hosts) }
  for _, list in ipairs({ context.components, values.PROSODY_EXTERNAL_COMPONENTS }) do
    for _, component in ipairs(list) do known[#known + 1] = component.domain end
  end
  set("global", "certificates", host_certificates.nowhere)
  host_certificates.prepare({
    folder = values.PROSODY_CERTIFICATES, self_signed = values.PROSODY_SELF_SIGNED, run_folder = context.run_folder,
    domain = context.domain, hostname = values.PROSODY_NETWORK_HOSTNAME or context.domain, known = known,
  })
end
