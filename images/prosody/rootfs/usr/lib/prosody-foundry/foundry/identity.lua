-- Which user the server and prosodyctl run as. Any will do; user 0 becomes the one whose data it is, where it may.

local lfs = require("lfs")
local folders = require("foundry.folders")
local process = require("foundry.process")

local prosody = 999 -- of the image's /etc/passwd

local function load_posix()
  local cpath = package.cpath
  package.cpath = "/usr/lib/prosody/?.so;" .. cpath
  local loaded, posix = pcall(require, "util.pposix")
  package.cpath = cpath
  return loaded and posix or nil
end

-- Prosody's own library does it; nil and the reason where the kernel refuses.
local function switch(user, group)
  local posix = load_posix()
  if not posix then return nil, "Prosody's library is missing" end
  posix.initgroups("prosody")
  local ok, reason = posix.setgid(group)
  if ok then ok, reason = posix.setuid(user) end
  if ok then process.user, process.group = user, group end
  return ok, reason
end

local function owner_of_data()
  local user, group = lfs.attributes(folders.data, "uid"), lfs.attributes(folders.data, "gid")
  if user and user ~= 0 then return user, user == prosody and prosody or group end
end

-- For the server. A sentence where it cannot start as this user.
local function settle_server()
  if process.user ~= 0 then return nil end
  local user, group = owner_of_data()
  -- Without capabilities, or where user 0 is somebody else outside, it is a user like any other.
  if not process.has_capabilities or process.is_mapped() and not user then return nil end
  local ok, reason = switch(user or prosody, group or prosody)
  if ok then return nil end
  return ("User 0 cannot become user %d (%s): leave out --user, or give another one than 0."):format(user or prosody, reason)
end

-- Who shares the server's group may.
local function can_reach_server()
  local unix = require("socket.unix")
  local socket = (type(unix) == "table" and unix.stream or unix)()
  local ok = socket:connect(folders.run() .. "/health.sock")
  socket:close()
  return ok ~= nil
end

-- For prosodyctl, which has to be the user of the server beside it, or of the data. A sentence where it is not.
local function settle_tool()
  local user, is_server, group = process.first()
  if process.is_first or not is_server then user, group = owner_of_data() end
  if not user or process.user == user then return nil end
  if process.user == 0 then
    local ok, reason = switch(user, group)
    if ok then return nil end
    return ("User 0 cannot become user %d, who the server runs as (%s): leave out --user, or use --user %d."):format(user, reason, user)
  end
  if not is_server or can_reach_server() then return nil end
  return ("User %d cannot use the data of the server, which runs as user %d: leave out --user, or use --user %d."):format(
    process.user, user, user)
end

return { settle_server = settle_server, settle_tool = settle_tool }
