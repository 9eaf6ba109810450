-- Copies of certificates, with their keys, that went from the disk while they were in use: Prosody takes them from files.
-- They are for this run of the server alone.

local folders = require("foundry.folders")
local entries = require("foundry.data.entries")

local function is_one(name) return name:find("^kept%-%x+%.pem$") ~= nil end

return {
  is_one = is_one,
  path = function(folder, fingerprint) return ("%s/kept-%s.pem"):format(folder, fingerprint) end,
  -- Of this server, or of one that was killed.
  remove = function()
    for _, folder in ipairs(folders.run_folders) do
      for _, name in ipairs(entries(folder)) do
        if is_one(name) then os.remove(folder .. "/" .. name) end
      end
    end
  end,
}
