-- The name of a container that is gone may take the resolver twenty seconds, and all clients with it. The library reads
-- this before the first name it looks up, and never again.
return function()
  if os.getenv("RES_OPTIONS") then return end
  local found, pposix = pcall(require("foundry.core"), "util.pposix")
  if found then pposix.setenv("RES_OPTIONS", "timeout:1 attempts:2") end
end
