-- Whether the data can be used by whoever this is; else one sentence that says how it can.

local lfs = require("lfs")
local folders = require("foundry.folders")
local process = require("foundry.process")

-- Where the data comes from, as a path of its disk; nil when the whole disk is mounted, or none.
local function mounted_from()
  local file = io.open("/proc/self/mountinfo")
  if not file then return nil end
  local found
  for line in file:lines() do
    local root, point = line:match("^%d+ %d+ %S+ (%S+) (%S+) ")
    if point == folders.data then found = root end
  end
  file:close()
  if not found or found == "/" then return nil end
  return (found:gsub("\\(%d%d%d)", function(digits) return string.char(tonumber(digits, 8)) end))
end

local function quote(path)
  if not path:find("[^%w/._+:@-]") then return path end
  return "'" .. path:gsub("'", [['\'']]) .. "'"
end

local function remedy(found)
  local path = mounted_from()
  local what = ("chown -R %d:%d"):format(process.user, process.group)
  local chown = path and ("run `%s %s` on the host once (the path begins where the host mounts that disk)"):format(what, quote(path))
    or ("run `%s` once on what is mounted there"):format(what)
  local other = found.uid ~= 0 and (", or start with `--user %d:%d`"):format(found.uid, found.gid) or ""
  return chown .. other .. "; Podman does it for a volume mounted with :U, Kubernetes with fsGroup"
end

local function sentence(path, reason)
  local found = lfs.attributes(path)
  if reason:find("Read%-only") then
    return ("User %d cannot write to %s, which is read-only: mount a volume or a tmpfs at %s."):format(
      process.user, path, folders.data)
  end
  if not found then return ("User %d cannot write to %s: %s."):format(process.user, path, reason) end
  return ("User %d cannot write to %s, which belongs to user %d, group %d: %s."):format(process.user, path, found.uid,
    found.gid, remedy(found))
end

local function try_folder(path)
  local probe = path .. "/.probe"
  local file, reason = io.open(probe, "w")
  if not file then return reason end
  file:close()
  os.remove(probe)
end

local function try_file(path)
  local file, reason = io.open(path, "r+")
  if not file then return reason end
  file:close()
end

-- One file of each folder stands for the others: there can be very many.
local function try_inside(path, depth)
  local reason = try_folder(path)
  if reason then return path, reason end
  local opened, each, state = pcall(lfs.dir, path)
  if not opened then return path, each end
  local tried = false
  for entry in each, state do
    local inside = path .. "/" .. entry
    local mode = entry:sub(1, 1) ~= "." and lfs.symlinkattributes(inside, "mode")
    local at, why
    if mode == "directory" and depth > 0 then
      at, why = try_inside(inside, depth - 1)
    elseif mode == "file" and not tried then
      tried, at, why = depth < 2, inside, try_file(inside)
    end
    if why then return at, why end
  end
end

return {
  -- nil, or the sentence. Prosody lays data out as <host>/<store>/<file>.
  check = function()
    local path, reason = try_inside(folders.data, 2)
    return reason and sentence(path, reason) or nil
  end,
}
