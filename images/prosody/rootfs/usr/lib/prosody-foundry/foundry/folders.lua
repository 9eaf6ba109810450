-- Where things are while the image runs.

local data = "/var/lib/prosody"
local run = "/run/prosody"

local function is_writable(folder)
  local probe = folder .. "/.probe"
  local file = io.open(probe, "w")
  if not file then return false end
  file:close()
  os.remove(probe)
  return true
end

local function exists(path)
  return require("lfs").attributes(path, "mode") ~= nil
end

return {
  data = data,
  -- Where what is of this run alone may be.
  run_folders = { data, run },
  is_writable = is_writable,
  -- Of the image's configuration; a mount over /etc/prosody does not hide it.
  configuration = "/usr/lib/prosody-foundry/prosody.cfg.lua",
  -- Where the sockets and the process id are: with the data where nothing can be written to /run/prosody, unless the
  -- server, which another user may run, is there already.
  run = function()
    return (is_writable(run) or exists(run .. "/prosody.sock")) and run or data
  end,
}
