-- Who uses the data folder: a server holds this file for reading, whoever replaces the data holds it for writing. The
-- kernel lets go of it when the process ends, however it does.

local lfs = require("lfs")
local name = "/.foundry-lock"
local held

local function open(path, mode)
  -- The user of another container may have made it.
  return io.open(path, mode) or mode == "a+" and io.open(path, "r+") or nil
end

-- true; false when others hold it; nil where it cannot be told.
local function take(folder, mode)
  local file = open(folder .. name, "a+")
  if not file and mode == "r" then file = open(folder .. name, "r") end
  if not file then return nil end
  local ok, reason = lfs.lock(file, mode)
  if ok then
    held = file
    return true
  end
  file:close()
  reason = tostring(reason)
  if reason:find("temporarily unavailable") or reason:find("denied") then return false end
  return nil
end

return {
  -- For a server, which goes on where the disk knows no locks. false when the data is being replaced.
  share = function(folder) return take(folder, "r") ~= false end,
  -- For who replaces the data: false when a server, or another like this, uses it.
  own = function(folder) return take(folder, "w") ~= false end,
  release = function()
    if held then held:close() end
    held = nil
  end,
}
